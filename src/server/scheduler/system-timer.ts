/** A timer of the system for the scheduler. It does not keep the process alive. */
export function systemTimer(delayMs: number, act: () => void): Disposable {
  const timer = setTimeout(act, delayMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
