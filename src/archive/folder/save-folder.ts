import { lstatSync, mkdirSync, renameSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { temporaryName } from '../../kit/temporary-name.ts'
import { syncFolder } from '../../disk/durable.ts'
import { systemPath } from '../../disk/name-codec.ts'
import type { WriteProblem } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import type { WriteOptions } from '../format.ts'
import { folderSource, sealManifest } from './folder-source.ts'
import { writeFolder } from './write-folder.ts'

type SaveOptions = Pick<WriteOptions, 'signal' | 'onMember' | 'trailer'> & {
  /** Of the point whose records they are. */
  readonly id: string
  readonly replace: boolean
  /** Asked when all is written: the key that it really gets. */
  settle?(): string
  onProblem(problem: WriteProblem): void
}

/** Writes a plain-folder restore point under a temporary name and publishes it when it is whole and on the disk. */
export async function saveFolderPoint(root: string, key: string, entries: AsyncIterable<Entry>, options: SaveOptions): Promise<void> {
  const temporary = join(root, temporaryName())
  try {
    for (const problem of await writeFolder(temporary, entries, options)) options.onProblem(problem)
    await sealManifest(temporary, options.id)
    options.signal.throwIfAborted()
    const target = join(root, options.settle?.() ?? key)
    mkdirSync(systemPath(dirname(target)), { recursive: true, mode: 0o770 })
    if (options.replace && isThere(target)) await exchange(root, temporary, target)
    else publish(temporary, target, key)
    syncFolder(dirname(target))
  } finally {
    await removeTree(temporary)
  }
}

/** Writes a second restore point from the first one's files. */
export async function copyFolderPoint(root: string, from: string, to: string, options: { readonly id: string; readonly signal: AbortSignal; readonly replace: boolean }): Promise<void> {
  const members = folderSource(join(root, from)).read({ signal: options.signal })
  await saveFolderPoint(root, to, members, { ...options, onMember: () => undefined, trailer: nothing, onProblem: () => undefined })
}

export function folderKeyFree(root: string, key: string): boolean {
  return !isThere(join(root, key))
}

export async function removeFolderPoint(root: string, key: string): Promise<void> {
  try {
    await discard(root, join(root, key))
  } catch (error) {
    throw new AppError('storage.denied', `${key} could not be removed`, { cause: error })
  }
}

function publish(temporary: string, target: string, key: string): void {
  if (isThere(target)) throw new AppError('storage.exists', `${key} is already there`)
  renameSync(temporary, systemPath(target))
}

/**
 * The old folder goes aside first: rename replaces no folder that has contents. Aside it is no temporary, which would be
 * removed after a kill between the two renames, but still a restore point.
 */
async function exchange(root: string, temporary: string, target: string): Promise<void> {
  const aside = `${target}.replaced`
  await discard(root, aside)
  renameSync(systemPath(target), systemPath(aside))
  try {
    renameSync(temporary, systemPath(target))
  } catch (error) {
    renameSync(systemPath(aside), systemPath(target))
    throw error
  }
  syncFolder(dirname(target))
  await discard(root, aside)
}

/** Under its own name a half-removed folder would look like a whole one. */
async function discard(root: string, path: string): Promise<void> {
  if (!isThere(path)) return
  const temporary = join(root, temporaryName())
  renameSync(systemPath(path), temporary)
  syncFolder(dirname(path))
  await removeTree(temporary)
}

function isThere(path: string): boolean {
  return lstatSync(systemPath(path), { throwIfNoEntry: false }) !== undefined
}

async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error
    // An ordinary user cannot empty a folder that the application keeps read-only.
    await chmod(path, 0o700)
    await rm(path, { recursive: true, force: true })
  }
}

async function* nothing(): AsyncGenerator<Entry, void, undefined> {
  // The members of the first point already end with its records.
}
