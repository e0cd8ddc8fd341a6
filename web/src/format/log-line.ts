import type { RunEvent } from '../../../src/model/run-event.ts'
import { visibleName } from './visible-name.ts'

/** An event as a line of the log; like the log itself in English, so that it can be searched for and sent to others. */
export function logLine(event: RunEvent): { readonly text: string; readonly grave?: 'warning' | 'error' } {
  switch (event.type) {
    case 'run.started': return { text: `${event.kind} of ${visibleName(event.app)} on ${visibleName(event.host)} by ${visibleName(event.user)} (Holdfast ${event.version})` }
    case 'run.phase': return { text: `${event.phase}${event.totalFiles === undefined ? '' : `: ${event.totalFiles} files`}` }
    case 'run.progress': return { text: `${event.files} files, ${event.bytes} bytes` }
    case 'run.warning': return { text: `warning: ${remark(event)}`, grave: 'warning' }
    case 'run.note': return { text: `note: ${remark(event)}` }
    case 'hook.output': return { text: `${visibleName(event.hook)}: ${visibleName(event.line)}` }
    case 'containers.frozen': return { text: `standing still: ${event.names.map(visibleName).join(', ')}` }
    case 'containers.thawed': return { text: `running again: ${event.names.map(visibleName).join(', ')}` }
    case 'dump.finished': return { text: `dumped ${event.database.engine} ${visibleName(event.database.name)}: ${event.database.tables.length} tables, ${event.database.sizeBytes} bytes` }
    case 'snapshot.saved': return { text: `saved ${event.snapshot.id} in ${visibleName(event.vault)}: ${visibleName(event.snapshot.key)}, ${event.snapshot.sizeBytes} bytes` }
    case 'snapshot.verified': return event.ok ? { text: `verified ${event.id}` } : { text: `damaged: ${event.id}`, grave: 'error' }
    case 'snapshot.removed': return { text: `removed ${event.id} from ${visibleName(event.vault)}: ${visibleName(event.reason)}` }
    case 'run.finished': return { text: `ended: ${event.outcome}${event.error === undefined ? '' : ` (${event.error.code}) ${visibleName(event.error.message)}`}`, ...(event.outcome === 'ok' ? {} : { grave: event.outcome === 'partial' ? 'warning' as const : 'error' as const }) }
  }
}

function remark({ code, message, path }: { readonly code: string; readonly message: string; readonly path?: string | undefined }): string {
  return `${visibleName(message)}${path === undefined || message.includes(path) ? '' : ` ${visibleName(path)}`} (${code})`
}
