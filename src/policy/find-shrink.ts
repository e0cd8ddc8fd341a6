/** One size that was seen: of a dated and a rolling point of one reading only once. */
type SeenSize = { readonly startedAt: string; readonly contentBytes: number }

/** What the sizes were before, and when the first one came that was smaller. */
export type Shrink = { readonly usualBytes: number; readonly since: string }

const comparedSizes = 7

/**
 * Whether the last of the sizes is smaller than the usual one by more than so many percent; undefined where it is not. The usual one is
 * the median of the last 7 that were not themselves smaller by that much: however many small ones follow each other, what was usual before
 * stays so until one has grown back.
 */
export function findShrink(oldestFirst: readonly SeenSize[], maxPercent: number): Shrink | undefined {
  let usual: readonly number[] = []
  let shrink: Shrink | undefined
  for (const { startedAt, contentBytes } of oldestFirst) {
    const usualBytes = median(usual)
    if (usualBytes !== undefined && usualBytes > 0 && (1 - contentBytes / usualBytes) * 100 > maxPercent) {
      shrink = { usualBytes, since: shrink?.since ?? startedAt }
    } else {
      usual = [...usual, contentBytes].slice(-comparedSizes)
      shrink = undefined
    }
  }
  return shrink
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}
