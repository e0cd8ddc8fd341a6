import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, closeSync, ftruncateSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemPath } from '../../src/disk/name-codec.ts'
import { walk } from '../../src/disk/walk.ts'
import type { Entry } from '../../src/model/entry.ts'
import type { RunEventBody } from '../../src/model/run-event.ts'
import type { Run } from '../../src/model/run.ts'
import type { About } from '../../src/model/vault.ts'

/** A temporary folder that goes with the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export type TestRun = Run & { readonly events: RunEventBody[]; cancel(): void }

export function testRun(start = new Date('2026-03-04T05:06:07.000Z')): TestRun {
  const controller = new AbortController()
  const events: RunEventBody[] = []
  let now = start.getTime()
  return { signal: controller.signal, events, emit: (event) => events.push(event), now: () => new Date((now += 1000)), cancel: () => controller.abort(new Error('cancelled by the test')) }
}

export function eventsOf<T extends RunEventBody['type']>(run: TestRun, type: T): Extract<RunEventBody, { type: T }>[] {
  return run.events.filter((event): event is Extract<RunEventBody, { type: T }> => event.type === type)
}

/** Small seeded generator (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function randomBytesOf(random: () => number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = Math.floor(random() * 256)
  return bytes
}

const oddName = 'odd-\udcff\udc80.txt'

/** A tree with one of each thing that a tree can hold. */
export function makeTree(root: string): void {
  mkdirSync(join(root, 'sub/deep'), { recursive: true })
  writeFileSync(join(root, 'hello.txt'), 'hello\n')
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'sub/text.sql'), 'INSERT INTO t VALUES (1);\n'.repeat(5000))
  writeFileSync(join(root, 'sub/random.bin'), randomBytesOf(seeded(1), 100_000))
  writeFileSync(join(root, 'sub/big.bin'), Buffer.concat([randomBytesOf(seeded(2), 700_000), Buffer.alloc(2_600_000, 'abcdefg')]))
  writeFileSync(systemPath(join(root, oddName)), 'odd\n')
  writeFileSync(join(root, 'Grüße 🦊.txt'), 'unicode\n')
  writeFileSync(join(root, `${'n'.repeat(200)}.txt`), 'long name\n')
  mkdirSync(join(root, ...Array.from({ length: 6 }, (_, i) => `${i}-${'d'.repeat(60)}`)), { recursive: true })
  writeFileSync(join(root, ...Array.from({ length: 6 }, (_, i) => `${i}-${'d'.repeat(60)}`), 'leaf'), 'leaf\n')
  linkSync(join(root, 'hello.txt'), join(root, 'sub/hello-again.txt'))
  symlinkSync('hello.txt', join(root, 'link'))
  symlinkSync(`/nowhere/${'x'.repeat(150)}`, join(root, 'long-link'))
  execFileSync('mkfifo', [join(root, 'fifo')])
  execFileSync('mknod', [join(root, 'null'), 'c', '1', '3'])
  makeSparse(join(root, 'sparse.img'), 3_000_000, [[1_000_000, 'middle']])
  makeSparse(join(root, 'hole.img'), 500_000, [])
  chmodSync(join(root, 'hello.txt'), 0o4751)
  chmodSync(join(root, 'sub/deep'), 0o2750)
  execFileSync('chown', ['1234:70000', join(root, 'sub/text.sql')])
  execFileSync('chown', ['3000000:5', join(root, 'empty')])
  execFileSync('setfattr', ['-n', 'user.note', '-v', '0x00ff0a3d', join(root, 'sub/random.bin')])
  execFileSync('setfattr', ['-n', 'user.empty', join(root, 'sub')])
  execFileSync('setfacl', ['-m', 'u:1234:rwx,g:70000:r', join(root, 'sub/random.bin')])
  execFileSync('setfacl', ['-d', '-m', 'u:1234:rx', join(root, 'sub/deep')])
  execFileSync('touch', ['-h', '-d', '2001-02-03 04:05:06.123456789', join(root, 'hello.txt'), join(root, 'link')])
  execFileSync('touch', ['-d', '1969-12-31 23:59:58.500000000 UTC', join(root, 'empty')])
  execFileSync('touch', ['-d', '2010-01-01 00:00:00.000000001', join(root, 'sub'), root])
}

function makeSparse(path: string, sizeBytes: number, pieces: [number, string][]): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, sizeBytes)
  for (const [at, text] of pieces) writeSync(fd, text, at)
  closeSync(fd)
}

/** Every entry below a folder, one line each: kind, mode, owner, time, link, hash, attributes; without the root's own time. */
export async function treeOf(root: string): Promise<string[]> {
  const lines: string[] = []
  for await (const entry of entriesOf(root)) {
    const content = entry.kind === 'file' ? createHash('sha256').update(readFileSync(systemPath(join(root, entry.path)))).digest('hex') : ''
    const xattrs = [...(entry.xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`).sort().join(',')
    const rdev = entry.rdev === undefined ? '' : `${entry.rdev.major}:${entry.rdev.minor}`
    lines.push([JSON.stringify(entry.path), entry.kind, entry.mode.toString(8), `${entry.uid ?? ''}:${entry.gid ?? ''}`, entry.path === '.' ? '' : entry.mtimeNs, entry.size ?? '', entry.linkTarget ?? '', entry.hardlinkTo ?? '', rdev, xattrs, content].join(' '))
  }
  return lines.sort()
}

export async function* entriesOf(root: string): AsyncGenerator<Entry, void, undefined> {
  yield* walk(root, { select: () => 'take', oneFileSystem: false, cacheDirTag: false, signal: new AbortController().signal, onProblem: (problem) => { throw new Error(`${problem.path}: ${problem.message}`) } })
}

export async function* listed(...entries: Entry[]): AsyncGenerator<Entry, void, undefined> {
  yield* entries
}

export async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const bytes of chunks) parts.push(Uint8Array.from(bytes))
  return Buffer.concat(parts).toString('utf8')
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** A dump whose size nobody knows before. */
export function dump(path: string, text: string): Entry {
  return { path, kind: 'file', mode: 0o600, mtimeNs: 1_700_000_000_123_456_789n, uid: 0, gid: 0, dump: true, open: () => chunksOf(text.slice(0, 10), text.slice(10)) }
}

export function about(over: Partial<About> = {}): About {
  return {
    app: 'demo', host: 'testhost', preset: 'generic', root: '/srv/demo', scope: 'full', without: [],
    selection: { include: [], exclude: [], oneFileSystem: false, cacheDirTag: false },
    startedAt: new Date('2026-03-04T05:06:07.000Z'),
    points: [{ slot: 'dated', name: 'demo 2026-03-04' }],
    atEnd: () => ({ complete: true, databases: [], leftOut: [], warnings: [], notes: [] }),
    ...over,
  }
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
