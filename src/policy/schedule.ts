import { CronPattern } from 'croner'
import { AppError, messageOf } from '../kit/app-error.ts'
import { parseDuration } from '../kit/duration.ts'
import { dueMoments } from './due-moments.ts'

/** When something is to run: five cron fields, in a time zone of its own or the machine's. */
export type Schedule = {
  readonly cron: string
  readonly timezone?: string
  readonly jitterMs: number
  /** Set where a run whose time passed while nothing could begin it is not made up for. */
  readonly catchUp?: false
}

/** As it stands in the configuration or on the command line. */
export type ScheduleText = string | { readonly cron: string; readonly timezone?: string | undefined; readonly jitter?: string | undefined; readonly catchUp?: boolean | undefined }

// At three in the night no clock is put forward or back in Europe or America: such an hour comes exactly once.
const named: Readonly<Record<string, string>> = { hourly: '0 * * * *', daily: '0 3 * * *', weekly: '0 3 * * 0', monthly: '0 3 1 * *' }

/**
 * Reads a schedule: `daily`, `hourly`, `weekly`, `monthly` (with or without `@`), or a cron line of five fields such as every
 * cron program reads it.
 *
 * @throws AppError `schedule.invalid` for what is no such line, never comes, or which cron programs read differently.
 */
export function parseSchedule(text: ScheduleText): Schedule {
  const { cron: written, timezone, jitter, catchUp } = typeof text === 'string' ? { cron: text } : text
  const cron = withNumbers((named[written.trim().replace(/^@/, '').toLowerCase()] ?? written).trim().toUpperCase())
  requirePlain(cron, written)
  const schedule = { cron, ...(timezone === undefined ? {} : { timezone }), jitterMs: jitter === undefined ? 0 : parseDuration(jitter), ...(catchUp === false ? { catchUp } : {}) }
  let next: Date | undefined
  try {
    [next] = nextRuns(schedule, 1, new Date(0))
  } catch (cause) {
    if (cause instanceof RangeError && timezone !== undefined) throw new AppError('schedule.invalid', `There is no time zone "${timezone}"`, { hint: 'Write it as in Europe/Rome.' })
    throw new AppError('schedule.invalid', `"${written}" is no schedule: ${messageOf(cause).replace(/^CronPattern: /, '')}`, { hint: 'Write daily, hourly, weekly, or a cron line such as "0 3 * * *".' })
  }
  if (next === undefined) throw new AppError('schedule.invalid', `"${written}" never comes`, { hint: 'Correct the day and the month.' })
  return schedule
}

/** The next times after `after`; less than `count` where there are no more. */
export function nextRuns({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>, count: number, after: Date): readonly Date[] {
  return dueMoments({ cron, ...(timezone === undefined ? {} : { timezone }) }, after).take(count).toArray()
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

/** One blank between the fields, and no names: some cron programs know none, or none in lists. */
function withNumbers(line: string): string {
  const fields = line.split(/\s+/)
  const number = (names: readonly string[], first: number) => (name: string): string => names.includes(name) ? String(names.indexOf(name) + first) : name
  return fields.map((text, index) => {
    if (index === 3) return text.replace(/[A-Z]+/g, number(monthNames, 1))
    return index === 4 ? text.replace(/-SUN\b/g, '-7').replace(/[A-Z]+/g, number(dayNames, 0)) : text
  }).join(' ')
}

/** Only what cron, busybox's crond and systemd all mean in the same way; croner itself knows more. */
function requirePlain(cron: string, written: string): void {
  const fields = cron.split(' ')
  const hint = 'Write daily, hourly, weekly, or a cron line such as "0 3 * * *".'
  if (fields.length !== 5) throw new AppError('schedule.invalid', `"${written}" is no schedule: a cron line has five fields, and this has ${cron === '' ? 0 : fields.length}`, { hint })
  if (!fields.every((text) => /^[\d*,/-]+$/.test(text))) {
    throw new AppError('schedule.invalid', `"${written}" has signs that cron programs do not know`, { hint: 'Each of its five fields is a number, a range, a list, "*" or a step such as "*/15".' })
  }
  const [, , day = '*', , weekday = '*'] = fields
  // Some programs take a stepped star for a star (both must fit), others for a list (one is enough).
  if ((day.startsWith('*/') && weekday !== '*') || (weekday.startsWith('*/') && day !== '*')) {
    throw new AppError('schedule.invalid', `"${written}" means different days to different cron programs`, { hint: 'Use only one of the day of the month and the day of the week, or write the days as a list.' })
  }
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/**
 * The schedule as systemd's calendar events (systemd.time(7)), of which each one starts the timer. Where cron's line names days
 * of the month and days of the week, either is enough; in a calendar event both must fit, so that it takes two.
 */
export function onCalendar({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): readonly string[] {
  const pattern = new CronPattern(cron, undefined, { mode: '5-part' })
  const zone = timezone === undefined ? '' : ` ${timezone}`
  const time = `${field(pattern.hour, 0)}:${field(pattern.minute, 0)}:00${zone}`
  const date = (days: string): string => `*-${field(pattern.month, 1)}-${days} ${time}`
  const byDay = date(field(pattern.day, 1))
  // Croner keeps a mask of the weeks of the month for each day.
  const days = weekdayField(pattern.dayOfWeek.slice(0, 7).map(Number))
  if (pattern.starDOW || days === undefined) return [byDay]
  const byWeekday = `${days} ${date('*')}`
  return pattern.starDOM ? [byWeekday] : [byDay, byWeekday]
}

/** `*`, or the numbers that are set, runs of them as `2..5`. */
function field(set: readonly number[], first: number): string {
  if (set.every((value) => value !== 0)) return '*'
  return ranges(set, (index) => String(index + first).padStart(2, '0'))
}

function weekdayField(set: readonly number[]): string | undefined {
  if (set.every((value) => value !== 0)) return undefined
  // Monday first, as systemd counts: a run may not pass the week's end.
  const fromMonday = [...set.slice(1), set[0] ?? 0]
  return ranges(fromMonday, (index) => weekdays[(index + 1) % 7] ?? '')
}

function ranges(set: readonly number[], word: (index: number) => string): string {
  const parts: string[] = []
  for (let index = 0; index < set.length; index++) {
    if (!set[index]) continue
    const begin = index
    while (set[index + 1]) index++
    parts.push(begin === index ? word(begin) : index === begin + 1 ? `${word(begin)},${word(index)}` : `${word(begin)}..${word(index)}`)
  }
  return parts.join(',')
}
