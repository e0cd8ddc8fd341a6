import type { RunReport } from '../../../src/model/run-report.ts'

/** How far a phase is, 0 to 1; undefined where nobody knows how much there is to do. */
export function fractionOf({ bytes, files, totalBytes, totalFiles }: Pick<RunReport, 'bytes' | 'files' | 'totalBytes' | 'totalFiles'>): number | undefined {
  if (totalBytes !== undefined && totalBytes > 0) return Math.min(1, bytes / totalBytes)
  if (totalFiles !== undefined && totalFiles > 0) return Math.min(1, files / totalFiles)
  return undefined
}

/** Where a run was at a moment. `key` names the run and its phase: rates of different ones are not mixed. */
export type Sample = { readonly key: string; readonly atMs: number; readonly bytes: number }

/** So much of the past counts. */
const windowMs = 20_000

/** Adds a sample and drops those that are too old, but never the last one before them. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1)
  if (last === undefined || last.key !== sample.key || last.bytes > sample.bytes) return [sample]
  const from = samples.findLastIndex(({ atMs }) => atMs <= sample.atMs - windowMs)
  return [...samples.slice(Math.max(0, from)), sample]
}

/** Bytes a second over the window; undefined while there is too little to tell. */
export function rateOf(samples: readonly Sample[]): number | undefined {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.atMs - first.atMs < 1000) return undefined
  return (last.bytes - first.bytes) / ((last.atMs - first.atMs) / 1000)
}

/** Milliseconds that are left at this rate; undefined where it cannot be told. */
export function timeLeft({ bytes, totalBytes }: Pick<RunReport, 'bytes' | 'totalBytes'>, rate: number | undefined): number | undefined {
  if (rate === undefined || rate <= 0 || totalBytes === undefined || totalBytes <= bytes) return undefined
  return (totalBytes - bytes) / rate * 1000
}
