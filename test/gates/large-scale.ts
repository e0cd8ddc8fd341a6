import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Gate } from '../../scripts/gate.ts'
import { Sandbox } from '../faults/sandbox.ts'
import { Tally } from '../faults/tally.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

const formats = ['zip', 'tar.gz', 'tar.zst', 'folder'] as const
type Format = typeof formats[number]

const mostBytes = 250e6
const blockBytes = 4 * 1024 * 1024
const seconds = 1800

type Scene = { readonly sandbox: Sandbox; readonly root: string; readonly members: number; readonly large: string; readonly tally: Tally; readonly peaks: Record<string, string> }

/** One member beyond every 32-bit limit and very many small ones go through the whole program, in flat memory, and come back as they were. */
export const gate: Gate = {
  name: 'large-scale',
  async run({ full, seed }) {
    const tally = new Tally()
    const peaks: Record<string, string> = {}
    const [members, largeBytes] = full ? [100_000, 9e9] : [3000, 30e6]
    await using sandbox = new Sandbox()
    const root = join(sandbox.folder, 'apps', 'large')
    const large = makeLarge(root, largeBytes, seed)
    makeMembers(root, members)
    for (const format of full ? formats : [formats[seed % formats.length] ?? 'zip']) {
      await tally.point(format, async () => await tryFormat({ sandbox, root, members, large, tally, peaks }, format))
    }
    const { ok, figures } = tally.result([])
    return { ok, figures: { 'small members': members, 'bytes of the large one': largeBytes, ...peaks, ...figures } }
  },
}

async function tryFormat({ sandbox, root, members, large, tally, peaks }: Scene, format: Format): Promise<void> {
  const place = join(sandbox.folder, 'place')
  const target = join(sandbox.folder, 'apps', 'restored')
  mkdirSync(place)
  try {
    const told: string[] = []
    for (const [name, args] of [
      ['backup', ['backup', root, '--to', place, '--format', format, '--no-verify', '--no-ask']],
      ['verify', ['verify', 'latest', '--from', place]],
      ['restore', ['restore', 'latest', '--from', place, '--target', target, '--no-ask']],
    ] as const) {
      const { status, stderr, stdout, peakBytes, stopped } = await sandbox.holdfast(args, { seconds, peakBytes: mostBytes })
      told.push(`${name} ${Math.round(peakBytes / 1e6)}`)
      if (status !== 0) throw new Error(`${name} ended with ${status ?? stopped}: ${stdout.slice(0, 500)}${stderr.slice(0, 2000)}`)
      if (peakBytes > mostBytes) throw new Error(`${name} took ${Math.round(peakBytes / 1e6)} MB`)
    }
    peaks[`peak memory with ${format} (MB)`] = told.join(', ')
    if (hashOf(join(target, 'large.bin')) !== large) throw new Error('the large member came back as another')
    compareMembers(target, members)
    tally.count('came back as they were')
  } finally {
    for (const folder of [place, target]) rmSync(folder, { recursive: true, force: true })
    for (const name of existsSync(join(sandbox.folder, 'apps')) ? readdirSync(join(sandbox.folder, 'apps')) : []) if (name.startsWith('.holdfast')) rmSync(join(sandbox.folder, 'apps', name), { recursive: true, force: true })
  }
}

/** Dense, and no two blocks alike; gives its hash. */
function makeLarge(root: string, sizeBytes: number, seed: number): string {
  mkdirSync(root)
  const random = seededRandom(seed)
  const words = Array.from({ length: 4096 }, () => Math.floor(random() * 2 ** 32).toString(36))
  const block = Buffer.alloc(blockBytes)
  for (let at = 0, word = 0; at < blockBytes; word++) at += block.write(`${words[(word * 2654435761 >>> 8) % words.length] ?? ''} `, at)
  const sha = createHash('sha256')
  const fd = openSync(join(root, 'large.bin'), 'w')
  for (let at = 0, count = 0; at < sizeBytes; count++) {
    for (let mark = 0; mark < blockBytes; mark += 65_536) block.writeUInt32LE(count, mark)
    const bytes = block.subarray(0, Math.min(blockBytes, sizeBytes - at))
    sha.update(bytes)
    at += writeSync(fd, bytes)
  }
  closeSync(fd)
  return sha.digest('hex')
}

function makeMembers(root: string, count: number): void {
  for (let folder = 0; folder < Math.ceil(count / 1000); folder++) mkdirSync(join(root, `folder-${folder}`))
  for (let number = 0; number < count; number++) writeFileSync(join(root, nameOf(number)), contentOf(number))
}

function compareMembers(target: string, count: number): void {
  let there = 0
  for (const folder of readdirSync(target)) if (statSync(join(target, folder)).isDirectory()) there += readdirSync(join(target, folder)).length
  if (there !== count) throw new Error(`${there} members came back instead of ${count}`)
  for (let number = 0; number < count; number++) if (readFileSync(join(target, nameOf(number)), 'utf8') !== contentOf(number)) throw new Error(`${nameOf(number)} came back as another`)
}

function nameOf(number: number): string {
  return `folder-${Math.floor(number / 1000)}/member-${number}.txt`
}

function contentOf(number: number): string {
  return `content of ${number}\n`.repeat(number % 7)
}

function hashOf(path: string): string {
  const sha = createHash('sha256')
  const buffer = Buffer.allocUnsafe(blockBytes)
  const fd = openSync(path, 'r')
  for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) sha.update(buffer.subarray(0, count))
  closeSync(fd)
  return sha.digest('hex')
}
