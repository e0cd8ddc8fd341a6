import type { Circle } from '../../src/model/api/widget.ts'
import type { Answer } from './read-answer.ts'
import type { Language, Problem } from './tile-words.ts'
import { words } from './tile-words.ts'

type Reach = 'local' | 'network' | 'cloud'

/** What stands on the tile. */
export type TileView = {
  readonly name: string
  /** What the whole looks like; `off` where nothing is known at present. */
  readonly tone: 'ok' | 'warning' | 'failed' | 'running' | 'off'
  readonly loading: boolean
  readonly headline: string
  /** The file, or the date of the last backup while one runs. */
  readonly detail: string
  readonly meta: string
  readonly messages: readonly string[]
  /** How old what is shown is, where that must be said. */
  readonly age: string
  readonly circles: readonly { readonly reach: Reach; readonly color: Circle; readonly label: string; readonly text: string }[]
}

export type TileFacts = {
  readonly language: Language
  /** How dates and numbers are written: the language as it is in the reader's country. */
  readonly locale: string
  readonly label: string
  readonly answer?: Answer
  /** Why the newest question has no answer; the answer is then that of an earlier one. */
  readonly problem?: Problem
  /** How old what the answer tells is, in milliseconds. */
  readonly ageMs: number
  /** From here on an answer tells nothing of the present. */
  readonly staleMs: number
}

/** An answer is as good as present for three rounds of asking. */
const presentMs = 100_000

/** What the tile shows: an old answer is never shown as present, and no green stays where nobody answers. */
export function tileView({ language, locale, label, answer, problem, ageMs, staleMs }: TileFacts): TileView {
  const say = words[language]
  const isOld = answer !== undefined && ageMs >= staleMs
  const shown = isOld ? undefined : answer
  const name = label || answer?.app || ''
  const circles = (['local', 'network', 'cloud'] as const).map((reach) => {
    const color = shown?.circles[reach] ?? 'grey'
    return { reach, color, label: say.reaches[reach], text: shown === undefined ? say.unknown : say.circles[color] }
  })
  const age = answer !== undefined && (problem !== undefined || ageMs >= Math.min(presentMs, staleMs)) ? say.asOf(ago(ageMs, locale)) : ''
  const trouble = problem === undefined ? [] : [say.problems[problem]]
  const empty = { name, tone: 'off', loading: false, detail: '', meta: '', circles, age } as const
  if (answer === undefined) return problem === undefined ? { ...empty, headline: say.loading, messages: [] } : { ...empty, headline: say.unknown, messages: trouble }
  if (shown === undefined) return { ...empty, headline: say.unknown, messages: trouble }
  const date = shown.last === undefined ? '' : 'text' in shown.last ? shown.last.text : dateOf(shown.last.at, locale)
  const isRunning = shown.action === 'running'
  const isFound = shown.fileName !== ''
  const done = !isFound ? say.notFound : shown.troubles.includes('log-error') || shown.troubles.includes('no-end') ? say.doneWithErrors : say.done
  return {
    name, circles, age,
    tone: isRunning ? 'running' : shown.state === 'ok' || shown.state === 'warning' ? toneOf(shown) : 'failed',
    loading: isRunning,
    headline: isRunning ? say.running : shown.action === 'none' ? say.none : done,
    detail: isRunning ? date === '' ? say.noLast : say.last(date) : shown.fileName,
    meta: isRunning || !isFound ? '' : [date, sizeOf(shown.sizeBytes, locale)].filter((part) => part !== '').join(' · '),
    // That the first one is still to come needs no second sentence.
    messages: [...trouble, ...shown.troubles.filter((code) => shown.action !== 'none' || code !== 'missing').map((code) => say.troubles[code])],
  }
}

/** Never better than its circles. */
function toneOf({ state, circles }: Answer): TileView['tone'] {
  const colors = Object.values(circles)
  if (colors.includes('red')) return 'failed'
  return state === 'warning' || colors.includes('orange') ? 'warning' : 'ok'
}

function dateOf(at: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const

function ago(ageMs: number, locale: string): string {
  const [unit, unitMs] = units.find(([, ms]) => ageMs >= ms) ?? units[3]
  return new Intl.RelativeTimeFormat(locale).format(-Math.floor(ageMs / unitMs), unit)
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

function sizeOf(sizeBytes: number, locale: string): string {
  const power = Math.min(sizes.length - 1, Math.floor(Math.log10(Math.max(1, sizeBytes)) / 3))
  return new Intl.NumberFormat(locale, { style: 'unit', unit: sizes[power] ?? 'byte', maximumSignificantDigits: 3 }).format(sizeBytes / 1000 ** power)
}
