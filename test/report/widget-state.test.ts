import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppCard, DestinationState } from '../../src/model/api/overview.ts'
import { widgetStateSchema } from '../../src/model/api/widget.ts'
import type { WidgetState } from '../../src/model/api/widget.ts'
import type { StatusReason } from '../../src/model/status.ts'
import { widgetState } from '../../src/report/widget-state.ts'

type Facts = Parameters<typeof widgetState>[0]

const mebibyte = 1024 ** 2
const now = new Date('2026-11-21T10:00:30.000Z')
const newest = { id: '0123456789abcdef', startedAt: '2026-11-21T03:00:00.000Z', sizeBytes: 120 * mebibyte, contentBytes: 300 * mebibyte, fileName: 'erp.zip' }
const ended = { run: '20261121', kind: 'backup', startedAt: '2026-11-21T03:00:00.000Z', finishedAt: '2026-11-21T03:04:00.000Z', outcome: 'ok' } as const

function place(reach: DestinationState['reach'], how: DestinationState['state'] = 'ok', name: string = reach): DestinationState {
  return { name, reach, state: how, text: '', place: `/${name}`, inside: false }
}

type Told = readonly [code: StatusReason['code'], severity: StatusReason['severity'], vault?: string]

function facts(reasons: readonly Told[] = [], more: Partial<Facts> = {}): Facts {
  const status: AppCard['status'] = {
    version: 1, app: 'erp', state: 'ok', sentence: '', vaults: [], lastRun: ended, judgedAt: '2026-11-21T10:00:00.000Z',
    reasons: reasons.map(([code, severity, vault]) => ({ code, severity, message: '', ...(vault === undefined ? {} : { vault }) })),
  }
  return { name: 'erp', status, newest, destinations: [place('local')], ...more }
}

/** As the schema lets it through. */
function state(...given: Parameters<typeof facts>): WidgetState {
  return widgetStateSchema.parse(widgetState(facts(...given), now))
}

function circles(...given: Parameters<typeof facts>): string {
  return Object.values(state(...given).circles).join(' ')
}

const all = [place('local'), place('network'), place('cloud')]
const { newest: _newest, ...without } = facts()

test('a backup that went well is done: its file, its date, the local circle green, the others off', () => {
  assert.deepEqual(state(), {
    version: 1, app: 'erp', action: 'done', lastAt: '2026-11-21T03:00:00.000Z', fileName: 'erp.zip', sizeBytes: 120 * mebibyte, minSizeBytes: 100 * mebibyte,
    circles: { local: 'green', network: 'grey', cloud: 'grey' }, troubles: [], state: 'ok', judgedAt: '2026-11-21T10:00:00.000Z', answeredAt: now.toISOString(),
  })
})

test('before the first backup there is no action, and what is on is red', () => {
  const first = widgetState({ ...without, status: { ...facts([['never-ran', 'failed']]).status, state: 'never' }, destinations: [place('local'), place('network')] }, now)
  assert.deepEqual([first.action, first.state, first.fileName, first.lastAt, first.troubles], ['none', 'never', '', undefined, ['missing']])
  assert.deepEqual(first.circles, { local: 'red', network: 'red', cloud: 'grey' })
})

test('a running backup keeps telling of the last one; a running check is none', () => {
  const running = { run: 'r', app: 'erp', kind: 'backup', startedAt: now.toISOString() } as const
  const { action, state: told, fileName, circles: { local } } = state([['overdue', 'failed', 'local']], { running })
  assert.deepEqual([action, told, fileName, local], ['running', 'running', 'erp.zip', 'red'])
  const check = state([], { running: { ...running, kind: 'verify' } })
  assert.deepEqual([check.action, check.state], ['done', 'ok'])
})

test('a vanished newest point is missing, and the state is no longer well, though no reason says so', () => {
  const gone = widgetState(without, now)
  assert.deepEqual([gone.action, gone.circles.local, gone.troubles, gone.state], ['done', 'red', ['missing'], 'warning'])
})

for (const [code, trouble] of [['vault-empty', 'missing'], ['missing', 'missing'], ['vault-unreachable', 'unreachable'], ['overdue', 'overdue'], ['missed', 'overdue'], ['damaged', 'damaged']] as const) {
  test(`${code} is red where it is grave, in the circle of its place`, () => {
    const failed = state([[code, 'failed', 'network']], { destinations: all })
    assert.deepEqual([failed.circles, failed.troubles, failed.state], [{ local: 'green', network: 'red', cloud: 'green' }, [trouble], 'failed'])
    assert.equal(circles([[code, 'warning', 'cloud']], { destinations: all }), 'green green orange')
  })
}

for (const [code, trouble] of [
  ['too-small', 'too-small'], ['shrunk', 'too-small'], ['incomplete', 'log-error'], ['run-failed', 'log-error'], ['run-partial', 'log-error'], ['interrupted', 'log-error'],
  ['unverified', 'unverified'], ['clock', 'clock'], ['unfinished-restore', 'unfinished-restore'],
] as const) {
  test(`${code} is orange`, () => {
    const told = state([[code, 'failed']], { destinations: all })
    assert.deepEqual([told.circles, told.troubles, told.state], [{ local: 'orange', network: 'green', cloud: 'green' }, [trouble], 'failed'])
  })
}

test('a reason of a later version is told as something, and colours a circle', () => {
  const later = facts()
  const reason = { ...facts([['clock', 'warning']]).status.reasons[0], code: 'brand-new' } as unknown as StatusReason
  const told = widgetState({ ...later, status: { ...later.status, reasons: [reason] } }, now)
  assert.deepEqual([told.circles.local, told.troubles, told.state], ['orange', ['other'], 'warning'])
})

test('an archive below 100 MB is too small, unless the application has a size of its own', () => {
  const small = { newest: { ...newest, sizeBytes: 100 * mebibyte - 1 } }
  const told = state([], small)
  assert.deepEqual([told.circles.local, told.troubles, told.state], ['orange', ['too-small'], 'warning'])
  assert.equal(circles([], { newest: { ...newest, sizeBytes: 100 * mebibyte } }), 'green grey grey')
  const own = state([], { ...small, minSizeBytes: 20e6 })
  assert.deepEqual([own.circles.local, own.troubles, own.state, own.minSizeBytes], ['green', [], 'ok', 20e6])
})

test('each reach has the state of its worst place, and is grey where it has none or all are off', () => {
  assert.equal(circles([], { destinations: [place('local'), place('network', 'ok', 'nas'), place('network', 'failed', 'pi'), place('cloud', 'warning')] }), 'green red orange')
  assert.equal(circles([], { destinations: [place('local'), place('network', 'off'), place('cloud', 'off')] }), 'green grey grey')
})

test('where no place is local, what concerns none of them stands at all', () => {
  assert.equal(circles([['run-failed', 'failed']], { destinations: [place('network'), place('cloud')] }), 'grey orange orange')
  assert.equal(circles([['overdue', 'failed', 'cloud']], { destinations: [place('network'), place('cloud')] }), 'grey green red')
})

test('without any place the local circle is not off: there is something to miss', () => {
  assert.equal(circles([], { destinations: [] }), 'green grey grey')
  assert.equal(Object.values(widgetState({ ...without, destinations: [] }, now).circles).join(' '), 'red grey grey')
})

test('a reason of a place that is not listed is not lost', () => {
  assert.equal(circles([['missing', 'failed', 'forgotten']], { destinations: all }), 'red green green')
})

test('whatever the status has against it, the widget is never all green, and troubles are named once', () => {
  const codes: readonly StatusReason['code'][] = ['never-ran', 'vault-unreachable', 'vault-empty', 'overdue', 'incomplete', 'damaged', 'missing', 'too-small', 'shrunk', 'unverified', 'clock', 'run-failed', 'run-partial', 'interrupted', 'unfinished-restore', 'missed', 'skipped']
  for (const code of codes) {
    for (const severity of ['failed', 'warning'] as const) {
      for (const vault of [undefined, 'local', 'network', 'cloud']) {
        const reason: Told = vault === undefined ? [code, severity] : [code, severity, vault]
        const told = state([reason, ['run-failed', 'warning'], ['interrupted', 'warning']], { destinations: all })
        assert.ok(Object.values(told.circles).some((circle) => circle === 'red' || circle === 'orange'), `${code} ${severity} ${vault}`)
        assert.notEqual(told.state, 'ok')
        assert.equal(new Set(told.troubles).size, told.troubles.length)
      }
    }
  }
})
