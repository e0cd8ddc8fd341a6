import type { Circle, WidgetState } from '../../src/model/api/widget.ts'
import type { Problem, TileTrouble } from './tile-words.ts'

/** What the tile draws: the server's answer as far as it is shown. Unknown troubles of later versions stay, as `other`. */
export type Answer = Pick<WidgetState, 'app' | 'action' | 'fileName' | 'sizeBytes' | 'circles' | 'state'> & {
  readonly troubles: readonly TileTrouble[]
  /** When the newest sound restore point was made, in the reader's words. */
  readonly last?: { readonly at: Date } | { readonly text: string }
  /** How old the judgement was when the server answered, in milliseconds. */
  readonly ageMs: number
}

const troubles = new Set<string>(['missing', 'log-error', 'too-small', 'unreachable', 'overdue', 'unverified', 'damaged', 'unfinished-restore', 'clock'])

/** A server's answer, read by hand: the schema's library alone would be larger than the tile. */
export function readAnswer(text: string): Answer | Problem {
  const value = parsed(text)
  if (!isRecord(value)) return 'invalid'
  const { version, app, action, lastAt, fileName, sizeBytes, circles, troubles: told, state, judgedAt, answeredAt } = value
  if ([version, app, action, fileName, sizeBytes, circles, told, state, judgedAt].includes(undefined)) return 'incomplete'
  if (version !== 1 || typeof app !== 'string' || typeof fileName !== 'string' || typeof sizeBytes !== 'number') return 'invalid'
  if (!isRecord(circles) || !Array.isArray(told)) return 'invalid'
  if (!isOneOf(action, ['running', 'done', 'none']) || !isOneOf(state, ['ok', 'warning', 'failed', 'never', 'running'])) return 'invalid'
  const { local, network, cloud } = circles
  if ([local, network, cloud].includes(undefined)) return 'incomplete'
  if (!isCircle(local) || !isCircle(network) || !isCircle(cloud)) return 'invalid'
  const judged = instant(judgedAt)
  const last = lastAt === undefined ? undefined : instant(lastAt)
  // A file without a date, or a date that is none: it must not pass for a backup.
  if (judged === undefined || (lastAt !== undefined && last === undefined)) return 'invalid'
  return {
    app, action, fileName, sizeBytes, state, circles: { local, network, cloud },
    troubles: [...new Set(told.map((code) => isTrouble(code) ? code : 'other'))],
    ...(last === undefined ? {} : { last: { at: last } }),
    ageMs: Math.max(0, (instant(answeredAt) ?? judged).getTime() - judged.getTime()),
  }
}

/** The JSON of `text`; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOneOf<const T extends string>(value: unknown, known: readonly T[]): value is T {
  return (known as readonly unknown[]).includes(value)
}

function isCircle(value: unknown): value is Circle {
  return isOneOf(value, ['red', 'orange', 'green', 'grey'])
}

function isTrouble(value: unknown): value is TileTrouble {
  return typeof value === 'string' && troubles.has(value)
}

function instant(value: unknown): Date | undefined {
  const at = typeof value === 'string' ? new Date(value) : undefined
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at
}
