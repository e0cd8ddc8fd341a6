import { useSyncExternalStore } from 'react'
import type { Overview } from '../../../src/model/api/overview.ts'
import type { TicketState } from '../../../src/model/api/runs.ts'
import type { RunEvent } from '../../../src/model/run-event.ts'
import { queryClient } from './query-client.ts'
import { serverUrl } from './request.ts'
import { takeEvent } from './run-store.ts'

type Connection = 'connecting' | 'open' | 'lost'

/** A hidden page lets its connection go after this: browsers allow six to one server, over all windows. */
const hiddenMs = 60_000

let connection: Connection = 'connecting'
const listeners = new Set<() => void>()

/** Whether what the page shows is fresh. */
export function useConnection(): Connection {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, () => connection)
}

function setConnection(next: Connection): void {
  if (next === connection) return
  connection = next
  for (const listener of listeners) listener()
}

/** Listens to what happens on the server and keeps what the page knows in step. Ends with the function that it returns. */
export function followServer(): () => void {
  let source: EventSource | undefined
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined
  let wasLost = false

  const open = (): void => {
    source = new EventSource(serverUrl('api/events'))
    source.addEventListener('open', () => {
      setConnection('open')
      // What came in between is sent again by its id, but the server may be another one by now.
      if (wasLost) void queryClient.invalidateQueries()
      wasLost = false
    })
    source.addEventListener('error', () => {
      setConnection('lost')
      wasLost = true
      if (source?.readyState !== EventSource.CLOSED) return
      // Refused (signed out) rather than unreachable: the session tells which.
      void queryClient.invalidateQueries({ queryKey: ['session'] })
      source = undefined
      hiddenTimer = setTimeout(() => source === undefined && document.visibilityState === 'visible' && open(), 5000)
    })
    source.addEventListener('overview', () => void queryClient.invalidateQueries({ queryKey: ['apps'] }))
    source.addEventListener('reset', () => void queryClient.invalidateQueries())
    source.addEventListener('ticket', ({ data }: MessageEvent<string>) => {
      const ticket = JSON.parse(data) as TicketState
      // Events carry no results: they may be large, and are for one page only.
      if (ticket.state === 'ended' && ticket.result === undefined) void queryClient.invalidateQueries({ queryKey: ['ticket', ticket.ticket] })
      else queryClient.setQueryData(['ticket', ticket.ticket], ticket)
    })
    source.addEventListener('run', ({ data }: MessageEvent<string>) => {
      const { app, run, event } = JSON.parse(data) as { app: string; run: string; event: RunEvent }
      const running = queryClient.getQueryData<Overview>(['apps'])?.apps.find(({ name }) => name === app)?.running
      takeEvent(run, event, running?.run === run ? running : undefined)
      if (event.type === 'run.finished' || event.type === 'snapshot.saved' || event.type === 'snapshot.removed') {
        for (const what of ['points', 'runs', 'restore'] as const) void queryClient.invalidateQueries({ queryKey: [what, app] })
      }
    })
  }
  const close = (): void => {
    source?.close()
    source = undefined
  }
  const onVisibility = (): void => {
    clearTimeout(hiddenTimer)
    if (document.visibilityState === 'hidden') {
      hiddenTimer = setTimeout(close, hiddenMs)
    } else if (source === undefined) {
      wasLost = true
      open()
    }
  }
  document.addEventListener('visibilitychange', onVisibility)
  open()
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    clearTimeout(hiddenTimer)
    close()
  }
}
