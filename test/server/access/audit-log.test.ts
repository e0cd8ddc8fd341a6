import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AuditLog, auditRoom } from '../../../src/server/access/audit-log.ts'
import { openAccessFile } from '../../../src/server/access/open-access-file.ts'
import { Clock } from './with-access.ts'

const line = { who: 'anna', address: '192.0.2.1', action: 'back up', outcome: 'ok' } as const

async function withLog(room: typeof auditRoom | undefined, body: (log: AuditLog, clock: Clock) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    await using database = await openAccessFile(folder)
    const clock = new Clock()
    await body(new AuditLog(database, clock.now, room), clock)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('lines come newest first, a page at a time, without one twice or left out', async () => {
  await withLog(undefined, async (log) => {
    for (let number = 0; number < 25; number += 1) await log.add({ ...line, target: String(number) })
    const targets: (string | undefined)[] = []
    let cursor: number | undefined
    do {
      const page = await log.page(10, cursor)
      targets.push(...page.entries.map(({ target }) => target))
      cursor = page.next === undefined ? undefined : Number(page.next)
      if (targets.length === 10) await log.add({ ...line, target: 'meanwhile' })
    } while (cursor !== undefined)
    assert.deepEqual(targets, Array.from({ length: 25 }, (_, index) => String(24 - index)))
  })
})

test('hostile texts are made printable and cut', async () => {
  await withLog(undefined, async (log) => {
    await log.add({ who: 'a\nb', address: '\u001b[2J', action: 'x', target: `\u202e${'y'.repeat(5000)}`, outcome: 'denied' })
    const [entry] = (await log.page(1)).entries
    assert.deepEqual([entry?.who, entry?.address, entry?.target?.slice(0, 9), entry?.target?.length], ['a\\u{a}b', '\\u{1b}[2J', '\\u{202e}y', 300])
  })
})

test('each outcome has its own room: no flood of refusals pushes out what was done', async () => {
  assert.equal(Object.values(auditRoom).reduce((sum, one) => sum + one), 100_000)
  await withLog({ ok: 50, failed: 10, denied: 20 }, async (log, clock) => {
    await log.add({ ...line, action: 'restore' })
    for (let round = 0; round < 500; round += 1) {
      clock.pass({ minutes: 1 })
      await log.add({ ...line, outcome: 'denied' })
    }
    const all = (await log.page(500)).entries
    assert.equal(all.at(-1)?.action, 'restore')
    const denied = all.filter(({ outcome }) => outcome === 'denied').length
    assert.ok(denied >= 20 && denied <= 120, `${denied} lines`)
  })
})

test('of a flood from one address only some lines a minute are written, and how many were not', async () => {
  await withLog(undefined, async (log, clock) => {
    for (let round = 0; round < 200; round += 1) await log.add({ ...line, who: 'nobody', outcome: 'denied' })
    await log.add({ ...line, address: '198.51.100.1', outcome: 'denied' })
    await log.add({ ...line, action: 'restore' })
    let { entries } = await log.page(500)
    assert.equal(entries.length, 32)
    clock.pass({ minutes: 1 })
    await log.add(line)
    ;({ entries } = await log.page(500))
    assert.equal(entries.length, 34)
    assert.deepEqual([entries[1]?.action, entries[1]?.target], ['more refused or failed requests', '170'])
  })
})
