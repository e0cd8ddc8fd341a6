import { useEffect, useState } from 'react'
import type { RunEvent } from '../../../src/model/run-event.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import { reduceRun } from '../../../src/model/run-report.ts'
import { pathOf, serverUrl } from './request.ts'

export type RunLog = { readonly report: RunReport | undefined; readonly lines: readonly RunEvent[]; readonly isLost: boolean }

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
      // The stream of a run that was cut off ends without a last word; asked again it would begin anew for ever.
      if (current.report?.outcome !== undefined) source.close()
      else draw({ ...current, isLost: true })
    })
    source.addEventListener('open', () => draw({ ...current, isLost: false }))
    return () => {
      source.close()
      if (drawing !== undefined) cancelAnimationFrame(drawing)
    }
  }, [app, run])
  return log
}
