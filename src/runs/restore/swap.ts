import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { systemCode } from '../../kit/app-error.ts'
import type { RestoreRecord, SwapOperation } from './restore-record.ts'

/** How a folder's owner, mode, attributes and times go from one folder to another; disk's in the program. */
export type CopyFolderMetadata = (from: string | Buffer, to: string | Buffer) => void

/** `former` and `coming` are empty copies of folders, with the metadata that they have before and after the swap. */
type Trees = { readonly stage: AnchoredFolder; readonly live: AnchoredFolder; readonly originals: AnchoredFolder; readonly former: AnchoredFolder; readonly coming: AnchoredFolder }

/**
 * Keeps the metadata of the folders that will stay, of both sides: moving what is in a folder changes its times. It touches
 * nothing live; call it once, before the record says `changing`.
 */
export function keepFolderMetadata(record: RestoreRecord, target: string, copyMetadata: CopyFolderMetadata): void {
  withTrees(record, target, ({ stage, live, former, coming }) => {
    // Deepest first, as planned: a folder that nobody may write into gets its mode after its children were made.
    for (const { kind, path } of record.operations('forward')) {
      if (kind !== 'folder' && kind !== 'parent') continue
      keepOne(live, former, path, copyMetadata)
      if (kind === 'folder') keepOne(stage, coming, path, copyMetadata)
    }
  })
}

function keepOne(from: AnchoredFolder, to: AnchoredFolder, path: string, copyMetadata: CopyFolderMetadata): void {
  if (from.lstat(path)?.isDirectory() !== true) return
  if (path !== '.') {
    makeParents(to, path)
    makeFolder(to, path)
  }
  copyMetadata(from.at(path), to.at(path))
}

/**
 * Puts the staged tree in place of the live one, by the record's operations: renames on one file system, the originals
 * set aside. Idempotent: after a kill at any point the same call goes on where it stood.
 */
export function swapIn(record: RestoreRecord, target: string, copyMetadata: CopyFolderMetadata, signal: AbortSignal): void {
  withTrees(record, target, (trees) => {
    for (const operation of record.operations('forward')) {
      signal.throwIfAborted()
      if (operation.kind === 'folder') setMetadata(trees.coming, trees.live, operation.path, copyMetadata)
      else if (operation.kind === 'parent') setMetadata(trees.former, trees.live, operation.path, copyMetadata)
      else moveIn(operation, trees)
    }
  })
}

/** What was put in place and cannot be found any more: somebody else changes the folder at the same time. */
export function* missingAfterSwap(record: RestoreRecord, target: string): Generator<string> {
  using live = new AnchoredFolder(target)
  for (const { kind, path } of record.operations('forward')) {
    if ((kind === 'add' || kind === 'replace') && !isThere(live, path)) yield path
  }
}

function isThere(tree: AnchoredFolder, path: string): boolean {
  try {
    return tree.lstat(path) !== undefined
  } catch {
    // A link stands where one of its folders was.
    return false
  }
}

/** Brings the originals back; what was put in place returns to the stage. Idempotent, and it is not cancelled halfway. */
export function swapBack(record: RestoreRecord, target: string, copyMetadata: CopyFolderMetadata): void {
  withTrees(record, target, (trees) => {
    for (const operation of record.operations('forward')) {
      if (operation.kind === 'folder' || operation.kind === 'parent') setMetadata(trees.former, trees.live, operation.path, copyMetadata)
      else moveBack(operation, trees)
    }
  })
}

function setMetadata(from: AnchoredFolder, to: AnchoredFolder, path: string, copyMetadata: CopyFolderMetadata): void {
  if (to.lstat(path)?.isDirectory() === true && from.lstat(path) !== undefined) copyMetadata(from.at(path), to.at(path))
}

function moveIn({ kind, path }: SwapOperation, { stage, live, originals }: Trees): void {
  const staged = stage.lstat(path) !== undefined
  if (kind !== 'remove' && !staged) return
  if (live.lstat(path) !== undefined && originals.lstat(path) === undefined) move(live, originals, path)
  if (kind !== 'remove') move(stage, live, path)
}

function moveBack({ kind, path }: SwapOperation, { stage, live, originals }: Trees): void {
  const kept = originals.lstat(path) !== undefined
  if (live.lstat(path) !== undefined && stage.lstat(path) === undefined && (kept || kind === 'add')) move(live, stage, path)
  if (kept) move(originals, live, path)
}

/** Renames what lies at `path` of one tree to `path` of another, whose parents are made where somebody has removed them. */
function move(from: AnchoredFolder, to: AnchoredFolder, path: string): void {
  makeParents(to, path)
  try {
    renameSync(from.at(path), to.at(path))
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error
    // An ordinary user must be able to write to both parents, and to a folder that gets another parent. All that stays is
    // given its own mode by a later operation, also after a kill.
    for (const tree of [from, to]) openToOwner(tree, dirname(path))
    if (from.lstat(path)?.isDirectory() === true) openToOwner(from, path)
    renameSync(from.at(path), to.at(path))
  }
}

function openToOwner(tree: AnchoredFolder, path: string): void {
  const fd = openSync(tree.at(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fchmodSync(fd, (fstatSync(fd).mode & 0o7777) | 0o700)
  } finally {
    closeSync(fd)
  }
}

function makeParents(tree: AnchoredFolder, path: string): void {
  const parts = path.split('/').slice(0, -1)
  for (let depth = 1; depth <= parts.length; depth++) makeFolder(tree, parts.slice(0, depth).join('/'))
}

function makeFolder(tree: AnchoredFolder, path: string): void {
  if (tree.lstat(path) !== undefined) return
  try {
    mkdirSync(tree.at(path), { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

function withTrees(record: RestoreRecord, target: string, work: (trees: Trees) => void): void {
  const own = (name: string): AnchoredFolder => {
    mkdirSync(join(record.folder, name), { recursive: true, mode: 0o700 })
    return new AnchoredFolder(join(record.folder, name))
  }
  using stage = own('stage')
  using live = new AnchoredFolder(target)
  using originals = own('originals')
  using former = own('folders/former')
  using coming = own('folders/coming')
  work({ stage, live, originals, former, coming })
}
