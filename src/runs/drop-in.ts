import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { shellQuote } from '../kit/shell-quote.ts'
import { temporaryName } from '../kit/temporary-name.ts'

/**
 * A file that takes the place of an application's own: its path below the application's root, and its text. `kind`: a script is
 * started, anything else only read. `beside`: a file that tells that the root is that application's.
 */
export type DropIn = { readonly path: string; readonly text: string; readonly kind?: 'script' | 'text'; readonly beside?: string }

export type PlacedDropIn = { readonly path: string; readonly state: 'installed' | 'unchanged' | 'removed' | 'not ours'; readonly original?: string }

const mark = '# Holdfast in the place of '

/**
 * Puts a file in its place, with the program written into it. What lay there is kept beside it as `NAME.orig`, byte for byte; an
 * `.orig` that is there already is never overwritten. A link is kept as a link.
 *
 * @throws AppError `source.missing` where its folder is not there, `storage.exists` where an original could not be kept, `storage.failed`.
 */
export function installDropIn(root: string, { path, text, kind = 'script', beside }: DropIn, program: string): PlacedDropIn {
  const file = join(root, path)
  const wanted = text.replace(/^program=$/m, () => `program=${shellQuote(program)}`)
  const original = `${file}.orig`
  try {
    const folder = join(file, '..')
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) throw new AppError('source.missing', `There is no folder ${root}`, { hint: 'Name the folder of the application.' })
    if (beside !== undefined && !existsSync(join(root, beside))) throw new AppError('source.missing', `${root} does not look like the application: there is no ${beside}`, { hint: 'Name the folder of the application.' })
    makeFolder(folder)
    const there = textOf(file)
    if (there === wanted && !isLink(file)) return { path: file, state: 'unchanged' }
    const isOriginal = there !== undefined && !there.includes(mark)
    if (isOriginal && textOf(original) !== undefined) throw new AppError('storage.exists', `${original} is there already, and ${file} is none of Holdfast's either`, { hint: 'Move one of the two away.' })
    const temporary = join(folder, temporaryName())
    try {
      const mode = kind === 'script' ? 0o755 : 0o644
      writeFileSync(temporary, wanted, { flag: 'wx', mode })
      chmodSync(temporary, mode)
      const { uid, gid } = statSync(folder)
      if (process.geteuid?.() === 0) chownSync(temporary, uid, gid)
      if (isOriginal) renameSync(file, original)
      renameSync(temporary, file)
    } finally {
      rmSync(temporary, { force: true })
    }
    return { path: file, state: 'installed', ...(isOriginal ? { original } : {}) }
  } catch (cause) {
    throw asFailure(file, cause)
  }
}

/** Takes a file of ours away, and puts the original back where one was kept. @throws AppError `storage.failed`. */
export function removeDropIn(root: string, { path }: DropIn): PlacedDropIn {
  const file = join(root, path)
  const original = `${file}.orig`
  try {
    if (textOf(file)?.includes(mark) !== true) return { path: file, state: 'not ours' }
    if (textOf(original) === undefined) {
      rmSync(file)
      return { path: file, state: 'removed' }
    }
    renameSync(original, file)
    return { path: file, state: 'removed', original }
  } catch (cause) {
    throw asFailure(file, cause)
  }
}

/** With the folders above it, each with the owner of the one that it is in: the application must be able to write there. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(join(folder, '..'))
  mkdirSync(folder)
  const { uid, gid } = statSync(join(folder, '..'))
  if (process.geteuid?.() === 0) chownSync(folder, uid, gid)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    // A link that leads nowhere is something too.
    return isLink(file) ? '' : undefined
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function asFailure(file: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  return new AppError(['EACCES', 'EPERM', 'EROFS'].includes(systemCode(cause) ?? '') ? 'storage.denied' : 'storage.failed', `${file} could not be changed: ${messageOf(cause)}`, { hint: 'Run as the owner of the folder.', cause })
}
