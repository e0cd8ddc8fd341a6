import type { Run } from '../model/run.ts'
import { printable } from '../kit/printable.ts'
import type { Output } from './output.ts'

/** The run of a command that only reads: nothing is journalled; notes and warnings go to the person. */
export function quietRun(output: Output, signal: AbortSignal): Run {
  return {
    signal,
    emit(event) {
      if (event.type === 'run.note' || event.type === 'run.warning') output.say(`${output.paint('dim', event.type === 'run.note' ? 'note:' : 'warning:')} ${event.path === undefined ? '' : `${printable(event.path)}: `}${printable(event.message)}`)
    },
    now: () => new Date(),
  }
}
