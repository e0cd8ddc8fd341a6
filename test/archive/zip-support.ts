import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemPath } from '../../src/disk/name-codec.ts'
import { walk } from '../../src/disk/walk.ts'
import { Secret } from '../../src/kit/secret.ts'
import type { ArchiveBytes, WrittenMember } from '../../src/archive/format.ts'
import { endRecords } from '../../src/archive/zip/end-records.ts'
import { zipFormat } from '../../src/archive/zip/zip-format.ts'
import type { Entry } from '../../src/model/entry.ts'

export const never = new AbortController().signal
export const someTimeNs = 1_700_000_000_000_000_000n

export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-zip-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a real program prints; a missing one fails the test with its Debian package. */
export function run(program: string, debianPackage: string, args: readonly (string | Buffer)[], cwd?: string): string {
  const result = spawnSync(program, args as string[], { cwd, encoding: 'utf8', maxBuffer: 64 << 20, input: '' })
  if (result.error !== undefined) throw new Error(`${program} is missing: apt-get install ${debianPackage}`, { cause: result.error })
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${result.status}: ${result.stdout}${result.stderr}`)
  return result.stdout
}

export const python = (script: string, ...args: string[]): string => run('python3', 'python3', ['-c', script, ...args])

export function fileEntry(path: string, content: Uint8Array | string, more: Partial<Entry> = {}): Entry {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return {
    path, kind: 'file', mode: 0o640, mtimeNs: someTimeNs, size: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
    },
    ...more,
  }
}

/** Everything below a folder, without the folder itself. */
export async function* walked(root: string): AsyncGenerator<Entry> {
  for await (const entry of walk(root, { select: () => 'take', oneFileSystem: false, cacheDirTag: false, signal: never, onProblem: fail })) yield entry
}

function fail(problem: { message: string }): never {
  throw new Error(problem.message)
}

export type Written = { readonly members: WrittenMember[]; readonly sizeBytes: number }

/** Writes an archive as a storage does: patches over what is there. */
export async function writeArchive(path: string, entries: Iterable<Entry> | AsyncIterable<Entry>, options: { password?: string; trailer?: readonly Entry[]; signal?: AbortSignal } = {}): Promise<Written> {
  const members: WrittenMember[] = []
  const fd = openSync(path, 'w')
  let sizeBytes = 0
  try {
    const body = zipFormat.write(through(entries), {
      signal: options.signal ?? never,
      onMember: (member) => members.push(member),
      trailer: () => through(options.trailer ?? []),
      ...(options.password === undefined ? {} : { password: new Secret(options.password) }),
    })
    for await (const chunk of body) {
      if (chunk instanceof Uint8Array) {
        writeSync(fd, chunk, 0, chunk.length, sizeBytes)
        sizeBytes += chunk.length
      } else {
        writeSync(fd, chunk.bytes, 0, chunk.bytes.length, chunk.at)
      }
    }
  } finally {
    closeSync(fd)
  }
  return { members, sizeBytes }
}

async function* through(entries: Iterable<Entry> | AsyncIterable<Entry>): AsyncGenerator<Entry> {
  yield* entries
}

/** An archive in memory, as a remote storage gives it. */
export function remote(bytes: Uint8Array): ArchiveBytes {
  const range = async function* (start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < Math.min(end, bytes.length); at += 50_000) yield bytes.subarray(at, Math.min(at + 50_000, end))
  }
  return { sizeBytes: bytes.length, stream: () => range(0, bytes.length), range }
}

export type Member = { readonly entry: Entry; readonly content: Buffer | undefined }

/** All members with all contents. */
export async function readArchive(bytes: ArchiveBytes, password?: string, wanted?: (path: string) => boolean): Promise<Member[]> {
  const members: Member[] = []
  const options = { signal: never, ...(password === undefined ? {} : { password: new Secret(password) }), ...(wanted === undefined ? {} : { wanted }) }
  for await (const { readWhole, ...entry } of zipFormat.read(bytes, options)) {
    const whole = await readWhole?.()
    const parts: Uint8Array[] = whole === undefined ? [] : [Uint8Array.from(whole)]
    if (whole === undefined && entry.open !== undefined) for await (const part of entry.open(never)) parts.push(part)
    members.push({ entry, content: entry.open === undefined ? undefined : Buffer.concat(parts) })
  }
  return members
}

/** An archive on this machine, by its path alone. */
export function local(path: string): ArchiveBytes {
  return { sizeBytes: statSync(path).size, stream: notAsked, range: notAsked, localPath: path }
}

function notAsked(): never {
  throw new Error('a local archive is read by its path')
}

/** What is the same in every program's hands. */
export function facts(members: readonly Member[]): unknown[] {
  return members.map(({ entry, content }) => ({
    path: entry.path, kind: entry.kind, mode: entry.kind === 'symlink' ? 0o777 : entry.mode, seconds: entry.mtimeNs / 1_000_000_000n,
    link: entry.linkTarget, sha256: content === undefined ? undefined : createHash('sha256').update(content).digest('hex'),
  })).toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The same of a tree on disk. */
export async function treeFacts(root: string): Promise<unknown[]> {
  const members: Member[] = []
  for await (const entry of walked(root)) {
    if (entry.path === '.' || !['file', 'dir', 'symlink'].includes(entry.kind)) continue
    members.push({ entry, content: entry.onDisk === undefined ? undefined : readFileSync(systemPath(entry.onDisk)) })
  }
  return facts(members)
}

/** An archive made by hand, with the seal that Holdfast puts on its own, so that what lies below is what is tested. */
export function sealed(members: readonly Uint8Array[], records: readonly Uint8Array[]): Buffer {
  const directory = Buffer.concat(records)
  const offset = members.reduce((sum, member) => sum + member.length, 0)
  const sha256 = createHash('sha256').update(directory).digest('hex')
  return Buffer.concat([...members, directory, endRecords({ offset, sizeBytes: directory.length, records: records.length, sha256 })])
}

/** Pseudo-random numbers below `limit`, the same for the same seed (mulberry32). */
export function seeded(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

export function randomBuffer(random: (limit: number) => number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  for (let i = 0; i < sizeBytes; i++) bytes[i] = random(256)
  return bytes
}
