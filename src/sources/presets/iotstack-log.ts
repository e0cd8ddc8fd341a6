import { wallClock } from '../../kit/wall-clock.ts'
import type { RunEvent } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'

/** The lines of IOTstack's own log files, under the headings that its users know. */
export function iotstackLog(event: RunEvent, report: RunReport, root: string): readonly string[] {
  const what = report.kind === 'restore' ? 'Restore' : 'Backup'
  switch (event.type) {
    case 'run.started':
      return [`### IOTstack ${what} Log ###`, `Started At: ${clock(event.at)}`, `Current Directory: ${root}`, '']
    case 'hook.output':
      return [`${event.hook}: ${event.line}`]
    case 'dump.finished':
      return [`Database dumped: ${event.database.name} (${event.database.tables.length} tables) to ${event.database.path}`]
    case 'snapshot.saved': {
      const { slot, key, sizeBytes } = event.snapshot
      return [slot === 'rolling' ? `Rolling File: ${key}` : `Backup File: ${key}`, `Backup Size (bytes): ${sizeBytes}`]
    }
    case 'snapshot.removed':
      return [`Removed: ${event.key} (${event.reason})`]
    case 'run.warning':
      return [`WARNING: ${event.path === undefined ? '' : `${event.path}: `}${event.message}`]
    case 'run.note':
      return [`Note: ${event.path === undefined ? '' : `${event.path}: `}${event.message}`]
    case 'run.finished':
      return finished(event, report, what)
    default:
      return []
  }
}

function finished(event: Extract<RunEvent, { type: 'run.finished' }>, report: RunReport, what: string): readonly string[] {
  const slots = new Set(report.saved.map(({ slot }) => slot))
  const type = slots.size === 2 ? '3 (dated and rolling)' : slots.has('rolling') ? '2 (rolling)' : '1 (dated)'
  const leftOut = report.warnings.filter(({ path }) => path !== undefined)
  return [
    '',
    ...(what === 'Backup' && slots.size > 0 ? [`Backup Type: ${type}`, `Items backed up: ${report.saved[0]?.entries ?? 0}`, `Items excluded: ${leftOut.length === 0 ? 'none' : ''}`, ...leftOut.map(({ path, message }) => `- ${path ?? ''}: ${message}`)] : []),
    event.outcome === 'ok' ? `${what} ended well.` : `${what} ended as ${event.outcome.toUpperCase()}${event.error === undefined ? '' : `: ${event.error.message}`}`,
    `Finished At: ${clock(event.at)}`,
    '### End of log ###',
  ]
}

function clock(at: string): string {
  const { year, month, day, hour, minute, second } = wallClock(new Date(at))
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`
}
