import { printable } from '../kit/printable.ts'
import type { RunEvent } from '../model/run-event.ts'

/** An event as a line of the readable log; undefined for those that only machines need. */
export function describeEvent(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run.started': return `${event.kind} of ${printable(event.app)} started (run ${event.run}, user ${event.user}, process ${event.pid}, Holdfast ${event.version})`
    case 'run.phase': return `${phaseWords[event.phase]}`
    case 'run.progress': return `  ${event.files} files, ${event.bytes} bytes`
    case 'run.warning': return `WARNING ${aboutPath(event)}${printable(event.message)} [${event.code}]`
    case 'run.note': return `note ${aboutPath(event)}${printable(event.message)} [${event.code}]`
    case 'hook.output': return `  ${event.hook}: ${printable(event.line)}`
    case 'containers.frozen': return `  standing still: ${event.names.map(printable).join(', ')}`
    case 'containers.thawed': return `  running again: ${event.names.map(printable).join(', ')}`
    case 'dump.finished': return `  ${event.database.engine} database ${printable(event.database.name)}: ${event.database.tables.length} tables, ${event.database.sizeBytes} bytes as ${printable(event.database.path)}`
    case 'snapshot.saved': return `saved restore point ${event.snapshot.id} as ${printable(event.snapshot.key)}, ${event.snapshot.sizeBytes} bytes, ${event.snapshot.entries} entries`
    case 'snapshot.verified': return event.ok ? `verified restore point ${event.id}` : `ERROR restore point ${event.id} is damaged`
    case 'snapshot.removed': return `removed restore point ${event.id} (${printable(event.key)}): ${event.reason}`
    case 'run.finished': return `finished: ${event.outcome}${event.error === undefined ? '' : ` — ${printable(event.error.message)} [${event.error.code}]`}`
  }
}

function aboutPath(event: { path?: string | undefined }): string {
  return event.path === undefined ? '' : `${printable(event.path)}: `
}

export const phaseWords = {
  'prepare': 'preparing',
  'live-hook': 'running the hooks before the backup',
  'dump': 'dumping databases',
  'freeze': 'quiescing the application',
  'files': 'saving files',
  'thaw': 'releasing the application',
  'seal': 'completing the archive',
  'verify': 'verifying',
  'retention': 'applying retention',
  'after-hook': 'running the hooks after the run',
  'plan': 'planning',
  'stage': 'unpacking beside the target',
  'before-hook': 'running the hooks before the restore',
  'safety': 'keeping the present state',
  'swap': 'putting files in place',
  'import': 'importing databases',
  'metadata': 'setting owners, modes and times',
  'check': 'checking the result',
  'rollback': 'bringing the former state back',
} as const
