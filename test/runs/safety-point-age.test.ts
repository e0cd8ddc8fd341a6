import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunEventBody } from '../../src/model/run-event.ts'
import type { Run } from '../../src/model/run.ts'
import { RestoreRecord } from '../../src/runs/restore/restore-record.ts'
import { keepSafetyMs } from '../../src/runs/restore/work-folder.ts'
import { safetyPoint, tidyRestores, unfinishedRestore } from '../../src/runs/restore/work-in-progress.ts'
import { newMachine } from '../e2e/machine.ts'
import type { Machine } from '../e2e/machine.ts'

const dayMs = 24 * 3600 * 1000

/** An application that was restored over, so that a safety point keeps what was there before. */
async function restoredMachine(): Promise<{ machine: Machine; folder: string; finishedAt: Date }> {
  const machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'saved')
  await machine.backup([machine.app, '--to', machine.place])
  await writeFile(join(machine.app, 'letter'), 'written since')
  await machine.holdfast(['restore', 'latest', '--from', machine.place, '--no-ask'])
  const found = safetyPoint(machine.app)
  assert.ok(found?.finishedAt !== undefined)
  return { machine, folder: found.folder, finishedAt: found.finishedAt }
}

function runAt(at: Date): Run & { readonly events: RunEventBody[] } {
  const events: RunEventBody[] = []
  return { signal: new AbortController().signal, events, emit: (event) => { events.push(event) }, now: () => at }
}

test('a safety point is kept for a week after its restore, and can be undone until then', async () => {
  const { machine, finishedAt } = await restoredMachine()
  await using _machine = machine
  assert.equal(keepSafetyMs, 7 * dayMs)
  const run = runAt(new Date(finishedAt.getTime() + 7 * dayMs - 1))
  await tidyRestores(machine.app, keepSafetyMs, run)
  assert.deepEqual(run.events, [])
  await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'written since')
})

test('after a week a safety point is dropped with all that it kept, which a note tells; the application stays as it is', async () => {
  const { machine, folder, finishedAt } = await restoredMachine()
  await using _machine = machine
  assert.ok(existsSync(folder))
  const run = runAt(new Date(finishedAt.getTime() + 7 * dayMs))
  await tidyRestores(machine.app, keepSafetyMs, run)
  assert.ok(!existsSync(join(machine.folder, '.demo.holdfast')))
  assert.equal(safetyPoint(machine.app), undefined)
  assert.deepEqual(run.events.map((event) => event.type === 'run.note' ? [event.code, event.message.includes(folder)] : event), [['restore.tidied', true]])
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'saved')
})

test('each backup drops safety points that are older than a week, and leaves younger ones', async () => {
  const { machine, folder, finishedAt } = await restoredMachine()
  await using _machine = machine
  for (const [ageMs, isThere] of [[6 * dayMs, true], [8 * dayMs, false]] as const) {
    using record = new RestoreRecord(folder)
    record.finishedAt = new Date(finishedAt.getTime() - ageMs)
    await machine.backup([machine.app, '--to', machine.place])
    assert.equal(existsSync(folder), isThere)
  }
})

for (const state of ['changing', 'rolling-back'] as const) {
  test(`what a restore that stands at "${state}" has put aside is never dropped, however old`, async () => {
    const { machine, folder, finishedAt } = await restoredMachine()
    await using _machine = machine
    {
      using record = new RestoreRecord(folder)
      record.state = state
    }
    const run = runAt(new Date(finishedAt.getTime() + 3650 * dayMs))
    await tidyRestores(machine.app, keepSafetyMs, run)
    assert.deepEqual(run.events, [])
    assert.equal(unfinishedRestore(machine.app)?.folder, folder)
  })
}
