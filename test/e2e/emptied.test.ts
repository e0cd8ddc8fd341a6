import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

async function machineWithFiles(app: Record<string, unknown>): Promise<Machine> {
  const machine = await newMachine()
  await fill(machine)
  await machine.configure({ apps: { demo: { root: machine.app, ...app } }, place: machine.place })
  return machine
}

async function fill({ app }: Machine): Promise<void> {
  await mkdir(join(app, 'data'), { recursive: true })
  await writeFile(join(app, 'data/letters'), 'a letter\n'.repeat(1000))
}

const saidSchema = z.object({ outcome: z.string(), warnings: z.array(z.object({ code: z.string(), message: z.string() })), notes: z.array(z.object({ code: z.string(), message: z.string() })) })

async function said(machine: Machine, status: number): Promise<z.infer<typeof saidSchema>> {
  return saidSchema.parse(await machine.json(['backup', 'demo'], { status }))
}

const ids = (points: readonly Snapshot[]): readonly string[] => points.map(({ id }) => id)

test('backups of a folder whose disk is not mounted push out no point that holds the files, however many there are', async () => {
  await using machine = await machineWithFiles({ keep: { last: 2 }, kind: 'both' })
  await machine.backup(['demo'])
  const good = await machine.backup(['demo'])
  await rm(join(machine.app, 'data'), { recursive: true })
  for (let count = 0; count < 3; count++) {
    const { outcome, warnings } = await said(machine, 3)
    assert.equal(outcome, 'partial')
    assert.deepEqual(warnings.map(({ code }) => code), ['source.empty'])
    assert.match(warnings[0]?.message ?? '', /is its disk mounted\?/)
  }
  const left = await machine.points()
  assert.deepEqual(ids(good).filter((id) => !ids(left).includes(id)), [], 'dated and rolling ones are there')
  assert.ok(left.filter(({ contentBytes }) => contentBytes === 0).every(({ complete }) => !complete))
  assert.equal(z.object({ state: z.string() }).parse(z.array(z.unknown()).parse(await machine.json(['status'], { status: 3 }))[0]).state, 'warning')

  await fill(machine)
  assert.deepEqual((await said(machine, 0)).warnings, [])
})

test('a folder that was empty from the first backup on is complete, and patterns that include nothing are told at once', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 1 } } }, place: machine.place })
  for (let count = 0; count < 2; count++) assert.deepEqual((await said(machine, 0)).warnings, [])
  assert.equal((await machine.points()).length, 1)

  await mkdir(join(machine.app, 'data'))
  await machine.configure({ apps: { demo: { root: machine.app, include: ['/data/'] } }, place: machine.place })
  assert.deepEqual((await said(machine, 0)).warnings, [], 'the folder itself is there')
  await machine.configure({ apps: { demo: { root: machine.app, include: ['/photos/', '*.txt'] } }, place: machine.place })
  const { warnings } = await said(machine, 3)
  assert.match(warnings[0]?.message ?? '', /Nothing in .* fits what is to be included \(\/photos\/, \*\.txt\): is its disk mounted\?/)
})

for (const [expect, said_] of [[{ minSize: '5kB' }, /Too small/], [{ maxShrink: '50%' }, /Shrunk by/]] as const) {
  test(`while the newest point does not meet ${Object.keys(expect).join()}, the rules remove nothing`, async () => {
    await using machine = await machineWithFiles({ keep: { last: 1 }, expect })
    const [good] = await machine.backup(['demo'])
    await writeFile(join(machine.app, 'data/letters'), 'a letter')
    const { outcome, notes } = await said(machine, 0)
    assert.equal(outcome, 'ok')
    assert.match(notes.find(({ code }) => code === 'retention.withheld')?.message ?? '', said_)
    assert.ok(ids(await machine.points()).includes(good?.id ?? ''))
    await fill(machine)
    await machine.backup(['demo'])
    assert.equal((await machine.points()).length, 1, 'and again once it does')
  })
}

test('however many small points follow, the rules remove nothing until the smaller size is accepted', async () => {
  const app = { keep: { last: 2 }, expect: { maxShrink: '50%' } }
  await using machine = await machineWithFiles(app)
  const [good] = await machine.backup(['demo'])
  await writeFile(join(machine.app, 'data/letters'), 'a letter')
  for (let count = 0; count < 4; count++) await machine.backup(['demo'])
  assert.ok(ids(await machine.points()).includes(good?.id ?? ''))
  const { stderr } = await machine.holdfast(['forget', '--keep-last', '2', '--no-ask'], { status: 1 })
  assert.match(stderr, /The rules are not applied to the restore points of demo\. Shrunk by .* \[vault\.protected\]/)
  const { stdout } = await machine.holdfast(['status', 'demo'], { status: 1 })
  const usualSince = /If that is right, set expect\.usualSince to (\S+)\.$/m.exec(stdout)?.[1]
  await machine.configure({ apps: { demo: { root: machine.app, ...app, expect: { ...app.expect, usualSince } } }, place: machine.place })
  await machine.holdfast(['status', 'demo'])
  await machine.holdfast(['forget', '--no-ask'])
  const left = await machine.points()
  assert.deepEqual([left.length, left.some(({ id }) => id === good?.id)], [2, false])
})

test('a point that was deleted behind its back is missed however many runs come after, until somebody says that it is right', async () => {
  await using machine = await machineWithFiles({})
  const [gone] = await machine.backup(['demo'])
  const [kept] = await machine.backup(['demo'])
  assert.ok(gone !== undefined && kept !== undefined)
  await rm(join(machine.place, gone.key))
  await machine.holdfast(['verify', kept.id])
  const runs = join(machine.state, 'demo/runs')
  const verified = (await readdir(runs)).find((name) => name.endsWith('.ndjson') && name.includes('-verify-')) ?? ''
  const journal = await readFile(join(runs, verified), 'utf8')
  for (let count = 0; count < 205; count++) {
    const id = (0x1000000000000000n + BigInt(count)).toString(16)
    await writeFile(join(runs, verified.replace(/^\d{8}/, '20991231').replace(/[0-9a-f]{16}\.ndjson$/, `${id}.ndjson`)), journal)
  }
  const { stdout } = await machine.holdfast(['status', 'demo'], { status: 1 })
  assert.match(stdout, new RegExp(`1 restore point that was saved is no longer there: ${gone.key}\\. If that is right, say so with "holdfast forget ${gone.id}"\\.`))
  await machine.holdfast(['forget', gone.id, '--dry-run'])
  await machine.holdfast(['status', 'demo'], { status: 1 })
  await machine.holdfast(['forget', gone.id, '--no-ask'])
  await machine.holdfast(['status', 'demo'])
  assert.deepEqual(ids(await machine.points()), [kept.id])
  assert.match((await machine.holdfast(['forget', gone.id, '--no-ask'], { status: 1 })).stderr, /vault\.unknown-point/)
})

test('what the preset knows to be missing makes the point incomplete, so that it takes no complete one away', async () => {
  await using machine = await machineWithFiles({ keep: { last: 1 } })
  await writeFile(join(machine.app, '.HA_VERSION'), '2026.11.0')
  await writeFile(join(machine.app, 'configuration.yaml'), 'homeassistant:\n')
  const [good] = await machine.backup(['demo'])
  await writeFile(join(machine.app, 'configuration.yaml'), 'recorder:\n  db_url: postgresql://ha@db/ha\n')
  const [lacking] = await machine.backup(['demo'], { status: 3 })
  assert.deepEqual([good?.complete, lacking?.complete, lacking?.warnings], [true, false, 1])
  assert.deepEqual(ids(await machine.points()), [lacking?.id, good?.id])
})

test('a rolling point that shrank takes no slot of a good one: it lies beside it until it has grown back', async () => {
  await using machine = await machineWithFiles({ kind: 'rolling', expect: { maxShrink: '50%' } })
  const [good] = await machine.backup(['demo'])
  await writeFile(join(machine.app, 'data/letters'), 'a letter')
  for (let count = 0; count < 2; count++) {
    const [small] = await machine.backup(['demo'])
    assert.match(small?.key ?? '', /_incomplete\./)
    assert.deepEqual(ids(await machine.points()).toSorted(), [good?.id ?? '', small?.id ?? ''].toSorted())
    assert.match((await machine.holdfast(['status', 'demo'], { status: 1 })).stdout, /Shrunk by/)
  }
  await fill(machine)
  const [grown] = await machine.backup(['demo'])
  assert.deepEqual([grown?.key, ids(await machine.points())], [good?.key, [grown?.id]])
  await machine.holdfast(['status', 'demo'])
})
