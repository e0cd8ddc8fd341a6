import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { newMachine } from '../e2e/machine.ts'
import type { Machine } from '../e2e/machine.ts'

/** As a backup under a clock that was 400 days ahead would have left it. */
function dateAhead({ place }: Machine, { key }: Snapshot): void {
  const sidecar = join(place, `${key}.json`)
  writeFileSync(sidecar, JSON.stringify({ ...JSON.parse(readFileSync(sidecar, 'utf8')), startedAt: new Date(Date.now() + 400 * 86_400_000).toISOString() }))
}

async function savedAs(machine: Machine, text: string): Promise<Snapshot> {
  writeFileSync(join(machine.app, 'file'), text)
  const [point] = await machine.backup([machine.app, '--to', machine.place])
  assert.ok(point !== undefined)
  return point
}

test('whoever asks for the latest does not get the one of a clock that was wrong, and is told so', async () => {
  await using machine = await newMachine()
  const ahead = await savedAs(machine, 'ahead')
  const newest = await savedAs(machine, 'newest')
  dateAhead(machine, ahead)
  const from = ['--from', machine.place]
  const passed = new RegExp(`restore point ${ahead.id} of \\d{4}-.* is passed over: it is dated in the future`)
  const restored = await machine.holdfast(['restore', 'latest', ...from, '--no-ask'])
  assert.match(restored.stderr, passed)
  assert.equal(readFileSync(join(machine.app, 'file'), 'utf8'), 'newest')
  for (const command of [['verify', 'latest'], ['show', 'latest'], ['diff', 'latest'], ['forget', 'latest', '--dry-run', '--force']]) {
    const { stdout, stderr } = await machine.holdfast([...command, ...from])
    assert.match(stderr, passed, command.join(' '))
    if (command[0] === 'forget') assert.match(stdout, new RegExp(`remove +${newest.id}`))
    else if (command[0] !== 'diff') assert.match(stdout, new RegExp(newest.id), command.join(' '))
  }
})

test('where the only point is one of the future it is taken, and its date is told', async () => {
  await using machine = await newMachine()
  const ahead = await savedAs(machine, 'ahead')
  dateAhead(machine, ahead)
  const { stderr } = await machine.holdfast(['restore', 'latest', '--from', machine.place, '--no-ask'])
  assert.match(stderr, new RegExp(`restore point ${ahead.id} is dated in the future \\(\\d{4}-.*how old it is cannot be known`))
})
