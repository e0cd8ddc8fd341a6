import type { RunEventBody } from './run-event.ts'

/** What every long operation is given: how it is cancelled, whom it tells, and what time it is. */
export interface Run {
  readonly signal: AbortSignal
  /** Never blocks and never throws; progress is coalesced behind it. */
  emit(event: RunEventBody): void
  now(): Date
}
