import { AppError } from '../../kit/app-error.ts'

/** Lines of a text that belong to Holdfast, between two marks that carry their name; all other lines are left byte for byte. */
export type MarkedBlock = { readonly name: string; readonly lines: readonly string[] }

const begin = (name: string): string => `# BEGIN holdfast ${name} (made by "holdfast schedule install"; leave these lines as they are)`
const end = (name: string): string => `# END holdfast ${name}`

/** The blocks in a text. @throws AppError `schedule.failed` for a mark without its other. */
export function markedBlocks(text: string): readonly MarkedBlock[] {
  return placed(text).map(({ name, lines }) => ({ name, lines: lines.slice(1, -1) }))
}

/**
 * The text with that block in the place of an earlier one of its name, else at the end; without lines it is taken out.
 * @throws AppError `schedule.failed` for a mark without its other.
 */
export function withBlock(text: string, name: string, lines: readonly string[] | undefined): string {
  const block = lines === undefined ? '' : [begin(name), ...lines, end(name)].map((line) => `${line}\n`).join('')
  const [first, ...copies] = placed(text).filter((found) => found.name === name)
  if (first === undefined) return block === '' || text === '' || text.endsWith('\n') ? text + block : `${text}\n${block}`
  let changed = text
  for (const { from, to } of copies.toReversed()) changed = changed.slice(0, from) + changed.slice(to)
  return changed.slice(0, first.from) + block + changed.slice(first.to)
}

type Placed = MarkedBlock & { readonly from: number; readonly to: number }

function placed(text: string): readonly Placed[] {
  const found: Placed[] = []
  let open: { name: string; from: number; lines: string[] } | undefined
  let at = 0
  for (const whole of text.split(/(?<=\n)/)) {
    const line = whole.replace(/\r?\n$/, '')
    const begun = /^# BEGIN holdfast (\S+(?: \S+)?)(?: \(|$)/.exec(line)?.[1]
    const ended = /^# END holdfast (\S+(?: \S+)?)$/.exec(line)?.[1]
    if (begun !== undefined && open !== undefined) throw unbalanced(open.name)
    if (ended !== undefined && ended !== open?.name) throw unbalanced(ended)
    if (begun !== undefined) open = { name: begun, from: at, lines: [] }
    open?.lines.push(line)
    at += whole.length
    if (ended !== undefined && open !== undefined) {
      found.push({ ...open, to: at })
      open = undefined
    }
  }
  if (open !== undefined) throw unbalanced(open.name)
  return found
}

function unbalanced(name: string): AppError {
  return new AppError('schedule.failed', `The marks of "holdfast ${name}" do not fit: a line "# BEGIN holdfast …" or "# END holdfast …" is missing`, { hint: 'Somebody has changed them: take the lines of that block out by hand ("crontab -e"), and install again.' })
}
