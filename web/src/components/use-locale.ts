import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../i18n/index.ts'

/** The locale of dates and numbers on this page. */
export function useLocale(): string {
  const { i18n } = useTranslation()
  return localeOf(i18n.language)
}

type Clock = { now: number; readonly listeners: Set<() => void>; readonly subscribe: (listener: () => void) => () => void }

/** One clock for all that looks at it equally often: a page of 200 applications has thousands of times. */
const clocks = new Map<number, Clock>()

/** The time, new every so often, for what tells how long ago something was. */
export function useNow(everyMs = 30_000): number {
  const clock = clocks.get(everyMs) ?? newClock(everyMs)
  return useSyncExternalStore(clock.subscribe, () => clock.now)
}

function newClock(everyMs: number): Clock {
  let timer: ReturnType<typeof setInterval> | undefined
  const clock: Clock = {
    now: Date.now(),
    listeners: new Set(),
    subscribe(listener) {
      clock.listeners.add(listener)
      if (timer === undefined) {
        clock.now = Date.now()
        timer = setInterval(() => {
          clock.now = Date.now()
          for (const tell of clock.listeners) tell()
        }, everyMs)
      }
      return () => {
        clock.listeners.delete(listener)
        if (clock.listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
  clocks.set(everyMs, clock)
  return clock
}
