import { wallClock } from '../../kit/wall-clock.ts'
import type { RunEvent } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'

/** The lines of Jeedom's own log of a backup or restore, with the marks that its tiles and scripts look for. */
export function jeedomLog(event: RunEvent, { kind }: RunReport): readonly string[] {
  const { year, month, day, hour, minute, second } = wallClock(new Date(event.at))
  const stamp = `[${year}-${month}-${day} ${hour}:${minute}:${second}]`
  switch (event.type) {
    case 'run.started':
      return [`[START ${event.kind.toUpperCase()}]`, `****** ${event.kind === 'restore' ? 'Restore' : 'Backup'} of ${event.app} by Holdfast ${event.version} ******`]
    case 'run.phase':
      return [`${stamp}[INFO] : ${event.phase}`]
    case 'dump.finished':
      return [`${stamp}[INFO] : database ${event.database.name}: ${event.database.tables.length} tables OK`]
    case 'snapshot.saved':
      return [`${stamp}[INFO] : ${event.snapshot.key} (${event.snapshot.sizeBytes} bytes) OK`]
    case 'snapshot.removed':
      return [`${stamp}[INFO] : removed ${event.key}: ${event.reason}`]
    case 'run.warning':
      return [`${stamp}[ERROR] : /!\\ ${event.path === undefined ? '' : `${event.path}: `}${event.message} /!\\`]
    case 'run.finished':
      return finished(event, kind.toUpperCase(), stamp)
    default:
      return []
  }
}

function finished(event: Extract<RunEvent, { type: 'run.finished' }>, what: string, stamp: string): readonly string[] {
  if (event.outcome === 'ok') return [`[END ${what} SUCCESS]`]
  const why = event.error === undefined ? 'something could not be saved; see above' : event.error.message
  return [`${stamp}[ERROR] : ***ERROR*** ${why}`, `[END ${what} ERROR]`]
}
