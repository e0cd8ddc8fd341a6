import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status, StatusReason } from '../../src/model/status.ts'
import type { JeedomStatus, JeedomStatusInput } from '../../src/report/jeedom-status.ts'
import { beforeUpdateCode, jeedomStatus } from '../../src/report/jeedom-status.ts'

const mebibyte = 1024 ** 2

function status(...reasons: readonly [code: StatusReason['code'], severity: StatusReason['severity']][]): Status {
  return { version: 1, app: 'demo', state: 'ok', sentence: '', reasons: reasons.map(([code, severity]) => ({ code, severity, message: '' })), vaults: [], judgedAt: '2026-11-21T10:00:00.000Z' }
}

const ended = { kind: 'backup', startedAt: '2026-11-21T03:00:00.000Z', finishedAt: '2026-11-21T03:04:05.000Z', outcome: 'ok', notes: [] } as const
const newest = { fileName: 'backup-Jeedom-4.4.1-2026-11-21-03h00.tar.gz', sizeBytes: 120 * mebibyte, startedAt: '2026-11-21T03:00:00.000Z' }
const good: JeedomStatusInput = { status: status(), runs: [ended], newest }

/** All that is a matter of judgement, by the tags' names. */
function tags(input: Partial<JeedomStatusInput>): Record<string, unknown> {
  const { action, errorScenario, errorLogBackup, update, backup } = jeedomStatus({ ...good, ...input })
  return { action, update, errorScenario, errorLog: errorLogBackup, errorLocal: backup.local.error, errorSize: backup.local.erreurFileSize, errorSamba: backup.samba.error, errorMarket: backup.market.error }
}

const well = { action: 'endBackup', update: 0, errorScenario: 0, errorLog: 0, errorLocal: 0, errorSize: 0, errorSamba: -1, errorMarket: -1 }

test('it has exactly the nine keys that the tile reads, with the names below backup', () => {
  const value = jeedomStatus(good)
  assert.deepEqual(Object.keys(value), ['date', 'heure', 'minSizeBackup', 'backup', 'lastSave', 'update', 'action', 'errorScenario', 'errorLogBackup'])
  assert.deepEqual(Object.keys(value.backup), ['local', 'samba', 'market'])
  assert.deepEqual(Object.keys(value.backup.local), ['fileName', 'fileSize', 'erreurFileSize', 'error'])
  assert.deepEqual([Object.keys(value.backup.samba), Object.keys(value.backup.market)], [['error'], ['error']])
})

test('after a backup that went well all is green', () => {
  assert.deepEqual(tags({}), well)
  const value: JeedomStatus = jeedomStatus(good)
  assert.equal(value.minSizeBackup, 100 * mebibyte)
  assert.deepEqual(value.backup.local, { fileName: newest.fileName, fileSize: 120 * mebibyte, erreurFileSize: 0, error: 0 })
  const local = new Date(ended.finishedAt)
  assert.equal(`${value.date} ${value.heure}`, `${local.getFullYear()}-11-${String(local.getDate()).padStart(2, '0')} ${String(local.getHours()).padStart(2, '0')}:04:05`)
  assert.match(value.lastSave, /^2026-11-2\d \d\d:00:00$/)
})

const { newest: _none, ...without } = good
test('before the first backup there is no action, and the local one is missing', () => {
  const value = jeedomStatus({ ...without, runs: [], status: status(['never-ran', 'failed']) })
  assert.deepEqual([value.action, value.date, value.heure, value.lastSave, value.backup.local.fileName, value.backup.local.fileSize, value.backup.local.error], ['', '', '', '', '', 0, 1])
})

test('a backup that runs is startBackup, and keeps telling of the one before', () => {
  const value = jeedomStatus({ ...good, running: { kind: 'backup', startedAt: '2026-11-21T09:00:00.000Z', notes: [] } })
  assert.deepEqual([value.action, value.update, value.backup.local.fileName], ['startBackup', 0, newest.fileName])
  assert.match(value.heure, /:00:00$/)
})

test('one that an update waits for is startUpdate while it runs, and endBackup afterwards', () => {
  const notes = [{ code: beforeUpdateCode }]
  assert.deepEqual(tags({ running: { kind: 'backup', startedAt: '2026-11-21T09:00:00.000Z', notes } }), { ...well, action: 'startUpdate', update: 1 })
  assert.deepEqual(tags({ runs: [{ ...ended, notes }] }), well)
})

test('[Jeedom] a run whose process died is never running for ever: it is ended, with an error in the log', () => {
  const { finishedAt: _gone, ...died } = ended
  assert.deepEqual(tags({ runs: [{ ...died, outcome: 'interrupted' }] }), { ...well, errorLog: 1 })
})

for (const outcome of ['partial', 'failed', 'interrupted'] as const) {
  test(`a backup that ended ${outcome} is an error of the log, until the next one goes well`, () => {
    const bad = { ...ended, startedAt: '2026-11-21T05:00:00.000Z', outcome }
    assert.deepEqual(tags({ runs: [ended, bad] }), { ...well, errorLog: 1 })
    assert.deepEqual(tags({ runs: [{ ...ended, startedAt: '2026-11-21T06:00:00.000Z' }, bad] }), well)
  })
}

test('a restore, a verification and a removal are no backup', () => {
  for (const kind of ['restore', 'verify', 'forget'] as const) {
    assert.deepEqual(tags({ running: { kind, startedAt: '2026-11-21T09:00:00.000Z', notes: [] } }), well)
    assert.deepEqual(tags({ runs: [ended, { ...ended, kind, startedAt: '2026-11-21T09:00:00.000Z', outcome: 'failed' }] }), well)
  }
})

test('an archive below 100 MB, or what the expectations find too small, is an error of the size', () => {
  const small = { ...newest, sizeBytes: 100 * mebibyte - 1 }
  assert.deepEqual(tags({ newest: small }), { ...well, errorSize: 1 })
  assert.deepEqual(tags({ newest: { ...newest, sizeBytes: 100 * mebibyte } }), well)
  assert.deepEqual(tags({ newest: small, minSizeBytes: 20e6 }), well, 'the application has its own size')
  assert.equal(jeedomStatus({ ...good, minSizeBytes: 20e6 }).minSizeBackup, 20e6)
  for (const code of ['too-small', 'shrunk'] as const) assert.deepEqual(tags({ minSizeBytes: 20e6, status: status([code, 'failed']) }), { ...well, errorSize: 1 })
})

test('what is missing, damaged or long overdue is an error of the local backup', () => {
  for (const code of ['vault-empty', 'missing', 'damaged', 'overdue'] as const) assert.deepEqual(tags({ status: status([code, 'failed']) }), { ...well, errorLocal: 1 }, code)
  for (const code of ['damaged', 'overdue', 'unverified', 'incomplete'] as const) assert.deepEqual(tags({ status: status([code, 'warning']) }), well, `${code} as a warning`)
})

test('a vault that cannot be read, and a wrong clock, are told as errors of the report itself', () => {
  assert.deepEqual(tags({ status: status(['vault-unreachable', 'failed']) }), { ...well, errorLocal: 1, errorScenario: 1 })
  assert.deepEqual(tags({ status: status(['clock', 'warning']) }), { ...well, errorScenario: 1 })
})

const local = { name: 'disk', reach: 'local', state: 'ok' } as const
const nas = { name: 'nas', reach: 'network', state: 'ok' } as const
const drive = { name: 'drive', reach: 'cloud', state: 'ok' } as const

test('places in the network are told by samba and those in a cloud by market, each by itself', () => {
  assert.deepEqual(tags({ destinations: [local] }), well)
  assert.deepEqual(tags({ destinations: [local, nas] }), { ...well, errorSamba: 0 })
  assert.deepEqual(tags({ destinations: [local, nas, drive] }), { ...well, errorSamba: 0, errorMarket: 0 })
  assert.deepEqual(tags({ destinations: [local, { ...nas, state: 'failed' }, drive] }), { ...well, errorSamba: 1, errorMarket: 0 })
  assert.deepEqual(tags({ destinations: [local, { ...nas, state: 'off' }, drive] }), { ...well, errorMarket: 0 })
  assert.deepEqual(tags({ destinations: [local, nas, { ...nas, name: 'second', state: 'failed' }] }), { ...well, errorSamba: 1 }, 'the worse of two')
})

test('what lacks in one place is an error of that place alone', () => {
  const of = (code: StatusReason['code'], vault: string): Status => ({ ...status(), reasons: [{ code, severity: 'failed', message: '', vault }] })
  for (const code of ['vault-empty', 'missing', 'damaged', 'overdue', 'too-small'] as const) {
    assert.deepEqual(tags({ destinations: [local, nas, drive], status: of(code, 'drive') }), { ...well, errorSamba: 0, errorMarket: 1 }, code)
  }
  assert.deepEqual(tags({ destinations: [local, nas], status: of('missing', 'disk') }), { ...well, errorLocal: 1, errorSamba: 0 })
  assert.deepEqual(tags({ destinations: [nas], status: of('missing', 'nas') }), { ...well, errorLocal: 1, errorSamba: 1 }, 'where no place is local, its tag tells of the whole')
})

test('a hostile name of an archive cannot end the text that Jeedom writes it into, nor its words and tags', () => {
  const fileName = 'a\\\'+alert(1)+\'</script><script>"`${x}` {{y}} #id#\n\u202eé 日.zip'
  const value = JSON.stringify(jeedomStatus({ ...good, newest: { ...newest, fileName } }))
  assert.doesNotMatch(value, /[\\'<>`$#\n\u202e]|\{\{y/)
  const { backup: { local: { fileName: shown } } } = jeedomStatus({ ...good, newest: { ...newest, fileName } })
  assert.match(shown, /é 日\.zip$/)
  assert.equal(jeedomStatus(good).backup.local.fileName, newest.fileName, 'a plain name stays as it is')
})
