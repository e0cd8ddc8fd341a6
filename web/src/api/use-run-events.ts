import { useEffect, useState } from 'react'
import type { RunEvent } from '../../../src/model/run-event.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import { reduceRun } from '../../../src/model/run-report.ts'
import { get, pathOf, ProblemError, serverUrl } from './request.ts'

export type RunLog = { readonly report: RunReport | undefined; readonly lines: readonly RunEvent[]; readonly isLost: boolean; readonly problem?: ProblemError }

/** So many of the newest lines are shown; the log itself has all. */
const linesKept = 500

/** All that one run tells, from its begin on and then live; the browser goes on where the connection was lost. */
export function useRunEvents(app: string, run: string): RunLog {
  const [log, setLog] = useState<RunLog>({ report: undefined, lines: [], isLost: false })
  useEffect(() => {
    let current: RunLog = { report: undefined, lines: [], isLost: false }
    let drawing: number | undefined
    // A journal of thousands of lines comes at once: it is drawn once.
    const draw = (next: RunLog): void => {
      current = next
      drawing ??= requestAnimationFrame(() => {
        drawing = undefined
        setLog(current)
      })
    }
    const source = new EventSource(serverUrl(pathOf`api/apps/${app}/runs/${run}/events`))
    source.addEventListener('event', ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as RunEvent
      const lines = event.type === 'run.progress' ? current.lines : [...current.lines.slice(1 - linesKept), event]
      draw({ report: reduceRun(current.report, event), lines, isLost: false })
      if (event.type === 'run.finished') source.close()
    })
    source.addEventListener('error', () => {
      if (current.report?.outcome !== undefined) return source.close()
      draw({ ...current, isLost: true })
      // Refused rather than lost: only a plain request tells why.
      if (source.readyState === EventSource.CLOSED) void get(pathOf`api/apps/${app}/runs/${run}/log`).catch((problem: unknown) => problem instanceof ProblemError && problem.status > 0 && draw({ ...current, isLost: false, problem }))
    })
    source.addEventListener('open', () => draw({ ...current, isLost: false }))
    return () => {
      source.close()
      if (drawing !== undefined) cancelAnimationFrame(drawing)
    }
  }, [app, run])
  return log
}
