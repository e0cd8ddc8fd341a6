/** Two machines' clocks may differ a little. */
export const clockToleranceMs = 5 * 60_000

/** Whether a point that began at this time (milliseconds) is dated in the future: a clock was wrong, then or now. What is no time counts as such. */
export function isFuture(startedMs: number, now: Date): boolean {
  return !(startedMs <= now.getTime() + clockToleranceMs)
}
