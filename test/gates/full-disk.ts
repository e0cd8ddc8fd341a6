import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { describeTree, differences } from '../faults/describe-tree.ts'
import { Program } from '../faults/program.ts'
import { readPoints } from '../faults/read-points.ts'
import { changeTree, copyTree, makeTree } from '../faults/sample-trees.ts'
import { SmallDisk } from '../faults/small-disk.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

type Room = { readonly bytes?: number; readonly inodes?: number }

const endSchema = z.object({ outcome: z.string().optional(), error: z.object({ code: z.string(), message: z.string() }).optional() })
const formats = ['zip', 'tar.gz', 'tar.zst', 'folder'] as const

/**
 * Space or inodes run out at the destination, in the state folder and on the target's file system: the error says so, nothing
 * half-written is listed, earlier points are whole, the live application is as it was, and no temporary stays.
 */
export const gate: Gate = {
  name: 'full-disk',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    await atDestination(tally, random, full ? 24 : 2, seed)
    await inState(tally, random, full ? 16 : 2, seed)
    await atTarget(tally, random, full ? 24 : 2, seed)
    return tally.result(['destination', 'state', 'target'])
  },
}

async function atDestination(tally: Tally, random: () => number, count: number, seed: number): Promise<void> {
  await withTrialFolder(async (folder) => {
    const program = new Program(folder)
    const root = join(folder, 'app')
    makeTree(root, seed)
    using disk = new SmallDisk(join(folder, 'place'))
    for (let index = 0; index < count; index++) {
      const format = formats[(index + seed) % formats.length] ?? 'zip'
      for (const name of readdirSync(disk.folder)) rmSync(join(disk.folder, name), { recursive: true })
      await backUp(program, root, disk.folder, format)
      const [earlier] = (await readPoints(disk.folder)).points
      const room: Room = index % 2 === 0 ? { bytes: Math.floor(random() * 1.1 * (earlier?.sizeBytes ?? 0)) } : { inodes: Math.floor(random() * (format === 'folder' ? 40 : 7)) }
      disk.leave(room)
      await tally.point(`destination, ${format}, ${JSON.stringify(room)}`, async () => {
        const { status, value } = await program.json(['backup', root, '--to', disk.folder, '--format', format])
        const end = requireClear(status, value, ['storage.full'])
        tally.count(`destination: ${end}`)
        const { points, broken } = await readPoints(disk.folder)
        if (broken.length > 0) throw new Error(`a point is listed and not whole: ${broken.slice(0, 3).join('; ')}`)
        if (!points.some(({ id }) => id === earlier?.id)) throw new Error('the earlier point is lost')
        requireNoTemporaries([...disk.names(), ...readdirSync(program.temporary)])
      })
      disk.leave({})
    }
  })
}

async function inState(tally: Tally, random: () => number, count: number, seed: number): Promise<void> {
  await withTrialFolder(async (folder) => {
    using disk = new SmallDisk(join(folder, 'state-disk'))
    const program = new Program(folder, join(disk.folder, 'state'))
    const root = join(folder, 'app')
    makeTree(root, seed)
    for (let index = 0; index < count; index++) {
      const place = join(folder, `place-${index}`)
      rmSync(program.state, { recursive: true, force: true })
      // Half of them meet a state folder that is there already.
      if (index % 4 < 2) await backUp(program, root, place, 'tar.gz')
      const room: Room = index % 2 === 0 ? { bytes: Math.floor(random() * 5) * 4096 } : { inodes: Math.floor(random() * 8) }
      disk.leave(room)
      await tally.point(`state, ${JSON.stringify(room)}`, async () => {
        const { status, value } = await program.json(['backup', root, '--to', place, '--format', 'tar.gz'])
        const end = requireClear(status, value, ['storage.full'])
        tally.count(`state: ${end}`)
        const { points, broken } = existsSync(place) ? await readPoints(place) : { points: [], broken: [] }
        if (broken.length > 0) throw new Error(`a point is listed and not whole: ${broken.slice(0, 3).join('; ')}`)
        if ((end === 'ok' || end === 'partial') && points.length === 0) throw new Error(`it ended ${end} without a restore point`)
        requireNoTemporaries([...existsSync(place) ? readdirSync(place) : [], ...readdirSync(program.temporary)])
      })
      disk.leave({})
    }
  })
}

async function atTarget(tally: Tally, random: () => number, count: number, seed: number): Promise<void> {
  await withTrialFolder(async (folder) => {
    const program = new Program(folder)
    const original = join(folder, 'app')
    makeTree(original, seed)
    const place = join(folder, 'place')
    await backUp(program, original, place, formats[seed % formats.length] ?? 'zip')
    const changed = join(folder, 'changed')
    copyTree(original, changed)
    changeTree(changed)
    using disk = new SmallDisk(join(folder, 'target-disk'))
    const parent = join(disk.folder, 'srv')
    const root = join(parent, 'app')
    for (let index = 0; index < count; index++) {
      rmSync(parent, { recursive: true, force: true })
      mkdirSync(parent)
      copyTree(changed, root)
      const before = describeTree(root)
      // Around what it needs: the tree has about 1 MB in 50 files.
      const room: Room = index % 2 === 0 ? { bytes: Math.floor((0.85 + random() * 0.5) * 1_000_000) } : { inodes: Math.floor(random() * 90) }
      disk.leave(room)
      await tally.point(`target, ${JSON.stringify(room)}`, async () => {
        const { status, value } = await program.json(['restore', 'latest', '--from', place, '--target', root])
        const end = requireClear(status, value, ['storage.full', 'restore.space', 'restore.rolled-back'])
        tally.count(`target: ${end}`)
        if (status === 0) return
        const wrong = differences(describeTree(root), before)
        if (wrong.length > 0) throw new Error(`after ${end} the application has changed: ${wrong.join('; ')}`)
        if (end !== 'restore.rolled-back' && readdirSync(parent).length > 1) throw new Error(`a work folder was left: ${readdirSync(parent).join(', ')}`)
        requireNoTemporaries(readdirSync(program.temporary))
        disk.leave({})
        await backUp(program, root, join(folder, `after-${index}`), 'tar.gz')
      })
      disk.leave({})
    }
  })
}

/** How it ended: `ok`, `partial`, or the code of its error, which must be one of these. */
function requireClear(status: number | null, value: unknown, codes: readonly string[]): string {
  const { outcome, error } = endSchema.parse(value)
  if (error === undefined) {
    if ((status === 0 && outcome === 'ok') || (status === 3 && outcome === 'partial')) return outcome
    throw new Error(`it ended with ${status} and ${outcome}`)
  }
  if (status !== 1 || !codes.includes(error.code)) throw new Error(`it ended with ${status} and ${error.code}: ${error.message}`)
  if (error.code === 'restore.rolled-back' && !/space|inodes|quota/i.test(error.message)) throw new Error(`the error does not tell of the full disk: ${error.message}`)
  return error.code
}

function requireNoTemporaries(names: readonly string[]): void {
  const left = names.filter((name) => /(^|\/)(\.holdfast-tmp-|holdfast-)/.test(name))
  if (left.length > 0) throw new Error(`temporaries were left: ${left.slice(0, 5).join(', ')}`)
}

async function backUp(program: Program, root: string, place: string, format: string): Promise<void> {
  const { status, stderr } = await program.run(['backup', root, '--to', place, '--format', format, '--no-ask'])
  if (status !== 0) throw new Error(`an undisturbed backup ended with ${status}: ${stderr}`)
}
