import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

async function machineWithFile(app: Record<string, unknown>): Promise<Machine> {
  const machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.configure({ apps: { demo: { root: machine.app, ...app } }, place: machine.place })
  return machine
}

/** Makes a point as another machine's, by what lies beside it. */
async function giveTo(host: string, machine: Machine, points: readonly Snapshot[]): Promise<void> {
  for (const { key } of points) {
    const sidecar = join(machine.place, `${key}.json`)
    await writeFile(sidecar, JSON.stringify({ ...snapshotSchema.parse(JSON.parse(await readFile(sidecar, 'utf8'))), host }))
  }
}

const answerSchema = z.object({ outcome: z.string(), snapshots: z.array(snapshotSchema), warnings: z.array(z.object({ code: z.string(), message: z.string() })), notes: z.array(z.object({ code: z.string(), message: z.string() })) })

async function backup(machine: Machine, status = 0): Promise<z.infer<typeof answerSchema>> {
  return answerSchema.parse(await machine.json(['backup', 'demo'], { status }))
}

const others = (points: readonly Snapshot[]): number => points.filter(({ host }) => host === 'attic').length

test('two machines with an application of one name in one place remove none of each other\'s points, and are told', async () => {
  await using machine = await machineWithFile({ keep: { last: 2 }, kind: 'both' })
  await giveTo('attic', machine, (await backup(machine)).snapshots)
  const first = await backup(machine)
  assert.match(first.notes.find(({ code }) => code === 'vault.other-host')?.message ?? '', /^attic keeps restore points of the same name in this place .* leave alone\. If it is this machine's former name/)
  assert.deepEqual([first.outcome, others(await machine.points())], ['ok', 2])
  assert.match(first.snapshots[1]?.key ?? '', /^demo_rolling_\d-2\.tar\.gz$/)

  await giveTo('attic', machine, (await backup(machine)).snapshots)
  const before = await machine.points()
  const both = await backup(machine, 3)
  assert.deepEqual([both.warnings.map(({ code }) => code), both.snapshots.every(({ complete }) => complete)], [['vault.other-host'], true])
  assert.deepEqual([others(before), others(await machine.points())], [4, 4])
  assert.match((await machine.holdfast(['list'])).stdout, /^ID +DATE +APP +HOST +KIND .*\n.* demo +\S+ +full/)
})

test('after a move to a machine of another name its own rules go on, and what the former one made goes by hand alone', async () => {
  await using machine = await machineWithFile({ keep: { last: 1 } })
  await giveTo('attic', machine, (await backup(machine)).snapshots)
  await backup(machine)
  const second = await backup(machine)
  assert.deepEqual([second.notes.map(({ code }) => code), second.warnings], [['vault.other-host'], []])
  const points = await machine.points()
  assert.deepEqual([points.length, others(points), points[0]?.id], [2, 1, second.snapshots[0]?.id])
  await machine.holdfast(['forget', '--keep-last', '1', '--no-ask'])
  assert.equal(others(await machine.points()), 0)
})
