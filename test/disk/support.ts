import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry } from '../../src/model/entry.ts'
import { openContentFile } from '../../src/disk/content-file.ts'
import { walk } from '../../src/disk/walk.ts'
import type { SkipReason, WalkOptions, WalkProblem } from '../../src/disk/walk.ts'
import { openTreeWriter } from '../../src/disk/tree-writer.ts'
import type { TreeWriter, TreeWriterOptions } from '../../src/disk/tree-writer.ts'

export const never = new AbortController().signal

/** Gives a folder that is removed afterwards, also where something is mounted or locked in it. */
export async function withFolder(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs a real program; the test fails where it is missing or fails. */
export function sh(program: string, debianPackage: string, ...args: (string | Buffer)[]): string {
  const result = spawnSync(program, args as string[], { encoding: 'utf8' })
  if (result.error !== undefined) throw new Error(`${program} is missing: apt-get install ${debianPackage}`, { cause: result.error })
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${result.stderr}`)
  return result.stdout
}

/** Mounts a small tmpfs while `use` runs; needs root. */
export async function withTmpfs(folder: string, options: string, use: () => Promise<void> | void): Promise<void> {
  sh('mount', 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder)
  try {
    await use()
  } finally {
    sh('umount', 'mount', folder)
  }
}

type Seen = { entries: Entry[]; problems: WalkProblem[]; skipped: [string, SkipReason][] }

export async function walkAll(root: string, options: Partial<WalkOptions> = {}): Promise<Seen> {
  const seen: Seen = { entries: [], problems: [], skipped: [] }
  const all: WalkOptions = {
    select: () => 'take', oneFileSystem: true, cacheDirTag: true, signal: never,
    onProblem: (problem) => seen.problems.push(problem),
    onSkip: (path, reason) => seen.skipped.push([path, reason]),
    ...options,
  }
  for await (const found of walk(root, all)) seen.entries.push(found)
  return seen
}

export async function openWriter(root: string, options: Partial<TreeWriterOptions> = {}): Promise<TreeWriter> {
  return openTreeWriter(root, { trusted: true, ownership: 'numeric', signal: never, ...options })
}

export function entry(path: string, more: Partial<Entry> = {}): Entry {
  return { path, kind: 'file', mode: 0o644, mtimeNs: 1_700_000_000_123_456_789n, ...more }
}

export async function* chunksOf(content: Uint8Array, chunkBytes = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes)
}

export async function* contentOf(given: Entry): AsyncGenerator<Uint8Array> {
  using file = openContentFile(given.onDisk ?? '', given)
  const bytes = Buffer.alloc(300_000)
  for (let at = 0; ;) {
    const count = file.readSync(bytes, at)
    if (count === 0) return
    yield Buffer.from(bytes.subarray(0, count))
    at += count
  }
}

/** All that a restore must bring back, comparable. Inode numbers and change times cannot be. */
export function comparable(given: readonly Entry[]): unknown[] {
  return given.map(({ dev: _dev, ino: _ino, ctimeNs: _ctime, atimeNs: _atime, onDisk, xattrs, ...rest }) => ({
    ...rest,
    xattrs: xattrs === undefined ? undefined : [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
    sha256: onDisk === undefined ? undefined : createHash('sha256').update(readAll({ ...rest, onDisk })).digest('hex'),
  }))
}

function readAll(given: Entry): Uint8Array {
  using file = openContentFile(given.onDisk ?? '', {})
  const bytes = Buffer.alloc(file.size)
  file.readSync(bytes, 0)
  return bytes
}

export function show(path: string): string {
  if (!existsSync(path) && lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'nothing'
  const stat = lstatSync(path)
  return stat.isSymbolicLink() ? `link ${readlinkSync(path)}` : stat.isDirectory() ? 'folder' : readFileSync(path, 'utf8')
}
