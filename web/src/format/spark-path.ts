export type SparkBox = { readonly width: number; readonly height: number; readonly pad: number }

/** The points of a small line chart, scaled from zero so that a small change does not look like a large one. */
export function sparkPoints(values: readonly number[], { width, height, pad }: SparkBox): readonly { readonly x: number; readonly y: number }[] {
  const most = Math.max(1, ...values)
  const step = values.length < 2 ? 0 : (width - 2 * pad) / (values.length - 1)
  return values.map((value, index) => ({ x: round(values.length < 2 ? width / 2 : pad + index * step), y: round(height - pad - value / most * (height - 2 * pad)) }))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
