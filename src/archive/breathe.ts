import { setImmediate } from 'node:timers/promises'

const everyMs = 20

/**
 * Gives a function for loops that may go on for long without waiting for anything: awaited at each step, it now and then lets
 * timers, signals and the garbage collector have their turn.
 */
export function breather(): () => Promise<void> | undefined {
  let last = performance.now()
  const pause = async (): Promise<void> => {
    await setImmediate()
    last = performance.now()
  }
  return () => {
    if (performance.now() - last < everyMs) return undefined
    return pause()
  }
}
