import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

/** Newest first; 15 June 2021 is a Tuesday. */
const dates = [
  '2021-06-15T12:50', '2021-06-15T12:10', '2021-06-15T11:30', '2021-06-14T23:00', '2021-06-13T10:00',
  '2021-06-12T10:00', '2021-05-20T10:00', '2021-01-02T10:00', '2020-12-31T10:00', '2019-07-01T10:00',
] as const
type DateText = (typeof dates)[number]

let sample: { readonly point: Snapshot; readonly archive: Buffer } | undefined

before(async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  const [point] = await machine.backup([machine.app, '--to', machine.place, '--no-verify'])
  assert.ok(point !== undefined && point.verifiedAt === undefined)
  sample = { point, archive: await readFile(join(machine.place, point.key)) }
})

/** A machine whose place holds copies of one archive, each of the date that its sidecar tells; none is marked as verified by itself. */
async function machineWithPoints(change: Partial<Record<DateText, Partial<Snapshot>>> = {}, dated: readonly DateText[] = dates): Promise<Machine> {
  assert.ok(sample !== undefined)
  const machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  for (const date of dated) {
    const startedAt = `${date}:00.000Z`
    const point: Snapshot = { ...sample.point, id: randomBytes(8).toString('hex'), key: `${date.replaceAll(/[-:]/g, '')}.tar.gz`, startedAt, finishedAt: startedAt, ...change[date] }
    await writeFile(join(machine.place, point.key), sample.archive)
    await writeFile(join(machine.place, `${point.key}.json`), JSON.stringify(point))
  }
  return machine
}

const forgottenSchema = z.object({ removed: z.boolean(), points: z.array(z.object({ id: z.string(), keep: z.boolean(), reasons: z.array(z.string()), key: z.string() })) })

async function forget(machine: Machine, args: readonly string[]): Promise<z.infer<typeof forgottenSchema>> {
  return forgottenSchema.parse(await machine.json(['forget', ...args, '--no-ask']))
}

/** The dates of the archives that are left, newest first; each still has its sidecar, and no other file is there. */
async function datesAt(machine: Machine): Promise<string[]> {
  const names = (await readdir(machine.place)).sort()
  const keys = names.filter((name) => !name.endsWith('.json'))
  assert.deepEqual(names, keys.flatMap((key) => [key, `${key}.json`]))
  return keys.map((key) => key.replace(/^(....)(..)(..T..)(..).*/, '$1-$2-$3:$4')).toReversed()
}

async function idOf(machine: Machine, date: DateText): Promise<string> {
  return snapshotSchema.parse(JSON.parse(await readFile(join(machine.place, `${date.replaceAll(/[-:]/g, '')}.tar.gz.json`), 'utf8'))).id
}

const rules: Record<string, readonly DateText[]> = {
  '--keep-last 3': ['2021-06-15T12:50', '2021-06-15T12:10', '2021-06-15T11:30'],
  '--keep-hourly 3': ['2021-06-15T12:50', '2021-06-15T11:30', '2021-06-14T23:00'],
  '--keep-daily 3': ['2021-06-15T12:50', '2021-06-14T23:00', '2021-06-13T10:00'],
  '--keep-weekly 2': ['2021-06-15T12:50', '2021-06-13T10:00'],
  '--keep-monthly 3': ['2021-06-15T12:50', '2021-05-20T10:00', '2021-01-02T10:00'],
  '--keep-yearly 2': ['2021-06-15T12:50', '2020-12-31T10:00'],
  '--keep-within 36h': ['2021-06-15T12:50', '2021-06-15T12:10', '2021-06-15T11:30', '2021-06-14T23:00'],
  '--keep-last 2 --keep-yearly 2': ['2021-06-15T12:50', '2021-06-15T12:10', '2020-12-31T10:00'],
}
for (const [rule, kept] of Object.entries(rules)) {
  test(`forget ${rule} keeps what it says, and its dry run removes nothing and says the same`, async () => {
    await using machine = await machineWithPoints()
    const planned = await forget(machine, [...rule.split(' '), '--dry-run'])
    assert.deepEqual(await datesAt(machine), dates)
    const done = await forget(machine, rule.split(' '))
    assert.deepEqual(planned, { ...done, removed: false })
    assert.equal(done.removed, true)
    assert.deepEqual(await datesAt(machine), kept)
  })
}

test('forget --max-size removes the oldest until the rest fits, and not the last one', async () => {
  await using machine = await machineWithPoints()
  const sizeBytes = sample?.point.sizeBytes ?? 0
  const done = await forget(machine, ['--max-size', `${sizeBytes * 3}B`])
  assert.deepEqual(await datesAt(machine), dates.slice(0, 3))
  assert.match(done.points.find(({ keep }) => !keep)?.reasons.join() ?? '', /over maxSize .*: the oldest go first/)
  await forget(machine, ['--max-size', `${sizeBytes * 3 - 1}B`])
  assert.deepEqual(await datesAt(machine), dates.slice(0, 2))
  await forget(machine, ['--max-size', '1B'])
  assert.deepEqual(await datesAt(machine), dates.slice(0, 1))
})

test('in words, forget tells why each point stays or goes, and the dry run that nothing was removed', async () => {
  await using machine = await machineWithPoints()
  const planned = await machine.holdfast(['forget', '--keep-yearly', '2', '--dry-run'])
  assert.match(planned.stdout, /^keep .* 20201231T1000\.tar\.gz +yearly 2: the newest of its year 2020$/m)
  assert.match(planned.stdout, /^remove .* 20190701T1000\.tar\.gz +no rule keeps it \(yearly 2\)$/m)
  assert.match(planned.stdout, /\n8 would be removed, 2 kept\.\n$/)
  const done = await machine.holdfast(['forget', '--keep-yearly', '2', '--no-ask'])
  assert.match(done.stdout, /\n8 removed, 2 kept\.\n$/)
  assert.equal((await machine.journals('.ndjson')).match(/"type":"snapshot\.removed".*"reason":"no rule keeps it/g)?.length, 8)
})

test('rules never remove the newest verified point, whatever they are', async () => {
  await using machine = await machineWithPoints({ '2021-06-12T10:00': { verifiedAt: '2021-06-12T11:00:00.000Z' }, '2021-01-02T10:00': { verifiedAt: '2021-01-02T11:00:00.000Z' } })
  for (const rule of [['--keep-last', '1'], ['--keep-last', '5', '--max-size', '1B']]) {
    const { points } = await forget(machine, rule)
    assert.deepEqual(await datesAt(machine), ['2021-06-15T12:50', '2021-06-12T10:00'])
    assert.match(points.findLast(({ keep }) => keep)?.reasons.join() ?? '', /the newest verified full one/)
  }
})

test('without options the rules of the configuration decide, and without any nothing goes', async () => {
  await using machine = await machineWithPoints()
  assert.equal((await forget(machine, [])).points.every(({ keep }) => keep), true)
  assert.deepEqual(await datesAt(machine), dates)
  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 2 } } }, place: machine.place })
  await forget(machine, [])
  assert.deepEqual(await datesAt(machine), dates.slice(0, 2))
})

test('a backup years after the others, or under a clock that is ahead, makes none of them too old, and says so', async () => {
  await using machine = await machineWithPoints({}, dates.slice(0, 5))
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.configure({ apps: { demo: { root: machine.app, keep: { within: '30d' } } }, place: machine.place })
  await machine.backup(['demo'])
  assert.equal((await machine.points()).length, 6)
  assert.match(await machine.journals('.ndjson'), /"code":"retention\.gap","message":"The restore point before this one in \S+ is \d+d/)
})

test('the least configuration tells that the newest point is old, by its schedule as a failure, and not where none is expected', async () => {
  await using machine = await machineWithPoints({}, dates.slice(0, 1))
  assert.match((await machine.holdfast(['status'], { status: 3 })).stdout, /^WARNING {2}demo: Overdue: .* nothing tells how often one is expected/)
  await machine.configure({ apps: { demo: { root: machine.app, schedule: 'weekly' } }, place: machine.place })
  assert.match((await machine.holdfast(['status'], { status: 1 })).stdout, /^FAILED {2}demo: Overdue: .* by its schedule one was due/)
  await machine.configure({ apps: { demo: { root: machine.app, expect: { every: 'never' } } }, place: machine.place })
  await machine.holdfast(['status'])
})

test('points that are named go and no others, at once or not at all', async () => {
  await using machine = await machineWithPoints()
  const ids = [await idOf(machine, '2021-06-15T12:50'), (await idOf(machine, '2020-12-31T10:00')).slice(0, 12)]
  const earlier = await describeTree(machine.place)
  for (const args of [[...ids, 'ffffffffffff'], [...ids, '--keep-last', '9']]) await machine.holdfast(['forget', ...args, '--no-ask'], { status: 1 })
  const planned = await forget(machine, [...ids, '--dry-run'])
  assert.deepEqual(await describeTree(machine.place), earlier)
  assert.deepEqual(planned, { ...await forget(machine, ids), removed: false })
  assert.deepEqual(await datesAt(machine), dates.filter((date) => date !== '2021-06-15T12:50' && date !== '2020-12-31T10:00'))
})

test('an id stands for the same restore point when others before it have gone', async () => {
  await using machine = await machineWithPoints()
  const ids = await Promise.all(dates.map(async (date) => await idOf(machine, date)))
  await forget(machine, [ids[0] ?? '', ids[2] ?? ''])
  for (const at of [1, 3, 9]) assert.equal(snapshotSchema.parse((await machine.points()).find(({ id }) => id === ids[at])).startedAt, `${dates[at] ?? ''}:00.000Z`)
  await forget(machine, [ids[3] ?? ''])
  assert.deepEqual(await datesAt(machine), dates.filter((_, at) => ![0, 2, 3].includes(at)), 'exactly the one that was named, at whatever place of the list')
  await machine.holdfast(['forget', ids[3] ?? '', '--no-ask'], { status: 1 })
  assert.equal((await datesAt(machine)).length, 7)
})

test('the last sound point of an application goes only with --force; damaged, incomplete and other applications\' ones do not stand for it', async () => {
  const others = { '2021-06-15T12:50': { damagedAt: '2021-06-15T13:00:00.000Z' }, '2021-06-15T12:10': { complete: false }, '2021-06-15T11:30': { app: 'other' } } as const
  await using machine = await machineWithPoints(others, dates.slice(0, 5))
  const [older, last] = [await idOf(machine, '2021-06-13T10:00'), await idOf(machine, '2021-06-14T23:00')]
  const earlier = await describeTree(machine.place)
  const { stderr } = await machine.holdfast(['forget', older, last, '--no-ask'], { status: 1 })
  assert.match(stderr, /would remove the last sound restore point of demo \[vault\.protected\]\nwhat to do: .*--force/)
  assert.deepEqual(await describeTree(machine.place), earlier)
  await forget(machine, [older])
  await machine.holdfast(['forget', last, '--no-ask'], { status: 1 })
  assert.deepEqual(await datesAt(machine), dates.slice(0, 4))
  await forget(machine, [last, '--force'])
  assert.deepEqual(await datesAt(machine), dates.slice(0, 3))
  await forget(machine, [await idOf(machine, '2021-06-15T12:50')])
  assert.deepEqual(await datesAt(machine), dates.slice(1, 3), 'a damaged one needs no --force')
})

test('of several applications one is judged, which must be named', async () => {
  await using machine = await machineWithPoints({ '2021-06-15T12:10': { app: 'other' }, '2020-12-31T10:00': { app: 'other' } })
  const { stderr } = await machine.holdfast(['forget', '--from', machine.place, '--keep-last', '1', '--no-ask'], { status: 1 })
  assert.match(stderr, /several applications here: demo, other \[app\.ambiguous\]/)
  assert.deepEqual(await datesAt(machine), dates)
  await forget(machine, ['--from', machine.place, '--app', 'demo', '--keep-last', '1'])
  assert.deepEqual(await datesAt(machine), ['2021-06-15T12:50', '2021-06-15T12:10', '2020-12-31T10:00'])
})

test('a rule that cannot be read removes nothing', async () => {
  await using machine = await machineWithPoints()
  for (const rule of [['--keep-last', '-1'], ['--keep-daily', '1.5'], ['--keep-last', 'all'], ['--keep-within', 'long'], ['--max-size', 'small']]) {
    await machine.holdfast(['forget', ...rule, '--no-ask'], { status: 1 })
  }
  assert.deepEqual(await datesAt(machine), dates)
})
