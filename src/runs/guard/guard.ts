import { accessSync, constants, existsSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardReady } from './guard-ready.ts'

/** So long it tries; then the next run of the application, or the next start of the machine, does. */
const triesForMs = 15 * 60_000
const longestPauseMs = 30_000
const lockPauseMs = 200

/**
 * Waits until the run that has started it ends, however it does, and then brings back what the record says, if there is
 * one. Gives the exit status. Little is loaded while it waits: it may do so for hours on a small machine.
 */
export async function guard(record: string): Promise<number> {
  // What ends a run must not end its guard; a shutdown waits for it as it waits for any process, and it is quick.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) process.on(name, () => undefined)
  accessSync(dirname(record), constants.R_OK | constants.W_OK)
  try {
    // Where memory ends, the run is to go before it. Only root may ask for that.
    writeFileSync('/proc/self/oom_score_adj', '-500')
  } catch {
    // Then it is as likely as any other.
  }
  const ended = new Promise<void>((resolve) => {
    for (const name of ['end', 'close', 'error'] as const) process.stdin.once(name, () => resolve())
    process.stdin.resume()
  })
  process.stdout.on('error', () => undefined)
  process.stdout.write(guardReady)
  await ended
  const untilMs = performance.now() + triesForMs
  let pauseMs = 1000
  while (existsSync(record)) {
    const { thawApplication } = await import('./thaw-application.ts')
    const outcome = await thawApplication(dirname(dirname(record)), basename(dirname(record)))
    if (outcome === 'done' || performance.now() > untilMs) break
    await sleep(outcome === 'locked' ? lockPauseMs : pauseMs)
    if (outcome === 'failed') pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
  return existsSync(record) ? 1 : 0
}
