import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { nextRuns, onCalendar, parseSchedule } from '../../src/policy/schedule.ts'

test('names stand for cron lines, and a line keeps its meaning', () => {
  const expected = { 'daily': '0 3 * * *', '@daily': '0 3 * * *', 'Hourly': '0 * * * *', 'weekly': '0 3 * * 0', 'monthly': '0 3 1 * *', ' 30  2 * * 1-5 ': '30 2 * * 1-5', '0 3 * jan-mar Mon,sun': '0 3 * 1-3 1,0', '0 3 * * fri-sun': '0 3 * * 5-7' }
  for (const [text, cron] of Object.entries(expected)) assert.equal(parseSchedule(text).cron, cron)
  assert.deepEqual(parseSchedule({ cron: 'daily', timezone: 'Europe/Rome', jitter: '15m' }), { cron: '0 3 * * *', timezone: 'Europe/Rome', jitterMs: 900_000 })
  assert.equal(parseSchedule({ cron: 'daily', catchUp: false }).catchUp, false)
})

for (const text of ['', 'sometimes', '* * *', '0 3 * * * *', '61 * * * *', '0 24 * * *', '0 3 0 * *', '0 3 * 13 *', '0 3 * * 8', '5/15 * * * *', '0 3 L * *', '0 3 * * MON#2', '0 3 ? * *', '0 3 15W * *', '0 3 31 2 *', '0 3 */2 * 1', '0 3 1 * */2', '@reboot', '0 3 * * MONDAY', '0 3 * * *; id', '0 3 * * *\n* * * * *']) {
  test(`"${text.replace('\n', '\\n')}" is refused as a schedule`, () => {
    assert.throws(() => parseSchedule(text), { code: 'schedule.invalid' })
  })
}

test('a time zone that there is not is refused', () => {
  assert.throws(() => parseSchedule({ cron: 'daily', timezone: 'Mars/Base' }), { code: 'schedule.invalid', message: /no time zone "Mars\/Base"/ })
})

test('03:00 comes once a day also when the clocks are changed', () => {
  const schedule = parseSchedule({ cron: 'daily', timezone: 'Europe/Rome' })
  const spring = nextRuns(schedule, 3, new Date('2026-03-28T12:00:00Z')).map((at) => at.toISOString())
  assert.deepEqual(spring, ['2026-03-29T01:00:00.000Z', '2026-03-30T01:00:00.000Z', '2026-03-31T01:00:00.000Z'])
  const autumn = nextRuns(schedule, 2, new Date('2026-10-24T12:00:00Z')).map((at) => at.toISOString())
  assert.deepEqual(autumn, ['2026-10-25T02:00:00.000Z', '2026-10-26T02:00:00.000Z'])
})

const lines = [
  '0 3 * * *', '*/15 * * * *', '0 */6 * * *', '7 1,13 * * *', '30 2 * * 1-5', '0 3 * * 0', '0 3 * * 7', '0 3 * * 5-7', '0 3 * * 6,0,1', '0 3 1 * *', '0 3 1,15 1-6 *', '0 0 29 2 *', '0 3 13 * 5', '5-20/5 4 * 12 *',
  '0 3 10-12 3,9 2-4', '59 23 31 * *', '* * * * *',
]
for (const line of lines) {
  test(`systemd keeps "${line}" as cron does`, () => {
    const from = new Date('2026-11-21T10:30:00Z')
    for (const timezone of ['UTC', 'America/St_Johns']) {
      const wanted = nextRuns({ cron: line, timezone }, 12, from).map((at) => at.getTime())
      const elapses = onCalendar({ cron: line, timezone }).flatMap((event) => systemdTimes(event, 12, from)).sort((a, b) => a - b)
      assert.deepEqual([...new Set(elapses)].slice(0, 12), wanted, onCalendar({ cron: line, timezone }).join(' | '))
    }
  })
}

/** When systemd itself says that an event comes. */
function systemdTimes(event: string, count: number, from: Date): number[] {
  const said = execFileSync('systemd-analyze', ['calendar', `--iterations=${count}`, `--base-time=${from.toISOString().slice(0, 19).replace('T', ' ')} UTC`, event], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } })
  return [...said.matchAll(/(?:Next elapse|Iter\. #\d+|Iteration #\d+): \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)].map(([, day, time]) => Date.parse(`${day}T${time}Z`))
}
