import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMap, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { temporaryName } from '../kit/temporary-name.ts'
import type { appSchema, VaultConfig } from './config-schema.ts'
import { thisPerson } from './default-paths.ts'
import { parseConfig } from './parse-config.ts'

/** `pins`: the vaults that applications which are there already are to name. */
export type NewApplication = { readonly name: string; readonly app: z.input<typeof appSchema>; readonly vaults?: Readonly<Record<string, VaultConfig>>; readonly pins?: Readonly<Record<string, readonly string[]>> }
export type WriteOptions = {
  /** Its members may read a new file (mode 0640); without it only the owner may (0600). An existing file keeps its mode and owner. */
  readonly gid?: number
}

/**
 * Adds an application to a configuration file, which is made where there is none; comments and order of what is there stay.
 * The file is replaced as a whole and durably: whoever reads it sees the old or the new one.
 *
 * @throws AppError `usage` for an application or vault of that name that is there already; `config.invalid` where the file
 *   is not valid, before or with the application; `storage.failed`.
 */
export async function addApplication(file: string, { name, app, vaults = {}, pins = {} }: NewApplication, options: WriteOptions = {}): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const before = await readIfThere(target)
  const home = thisPerson().home
  // Also tells of everything that is wrong with the file as it is.
  if (before !== undefined && hasContent(before)) parseConfig(before, file, home)
  const document = parseDocument(before ?? '# Holdfast: see docs/reference/config.md\n')
  addTo(document, 'apps', name, app, file)
  for (const [vault, settings] of Object.entries(vaults)) addTo(document, 'vaults', vault, settings, file)
  for (const [other, names] of Object.entries(pins)) document.setIn(['apps', other, 'vaults'], document.createNode(names, { flow: true }))
  const after = document.toString({ lineWidth: 0 })
  parseConfig(after, file, home)
  await replaceFile(target, before, after, options)
}

/** Writes a configuration where there is none yet. @throws AppError `storage.exists`, `config.invalid`, `storage.failed`. */
export async function writeNewConfig(file: string, text: string, options: WriteOptions = {}): Promise<void> {
  parseConfig(text, file, thisPerson().home)
  if (await readIfThere(file) !== undefined) throw new AppError('storage.exists', `${file} is there already`, { hint: 'Write to another file and take over what you need.' })
  await replaceFile(file, undefined, text, options)
}

function addTo(document: Document, group: 'apps' | 'vaults', name: string, value: unknown, file: string): void {
  const there = document.get(group)
  if (isMap(there) && there.has(name)) throw new AppError('usage', `There is already "${name}" in ${group} of ${file}`, { hint: 'Choose another name, or change the file by hand.' })
  // An empty one-line `apps: {}` would take the new section on the same line.
  if (!isMap(there) || there.items.length === 0) document.set(group, document.createNode({ [name]: value }))
  else there.set(document.createNode(name), document.createNode(value))
}

function hasContent(text: string): boolean {
  return parseDocument(text).contents !== null
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw new AppError('storage.failed', `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/** Replaces a file that is still as it was read, as a whole and durably. @throws AppError `storage.failed`. */
export async function replaceFile(file: string, before: string | undefined, after: string, options: WriteOptions): Promise<void> {
  const folder = dirname(file)
  const temporary = join(folder, temporaryName())
  try {
    await mkdir(folder, { recursive: true, mode: process.geteuid?.() === 0 ? 0o755 : 0o700 })
    const owner = before === undefined ? undefined : await stat(file)
    {
      await using handle = await open(temporary, 'wx', 0o600)
      await handle.writeFile(after)
      const gid = owner?.gid ?? options.gid
      if (gid !== undefined) await handle.chown(owner?.uid ?? -1, gid)
      await handle.chmod(owner === undefined ? options.gid === undefined ? 0o600 : 0o640 : owner.mode & 0o7777)
      await handle.sync()
    }
    if (await readIfThere(file) !== before) throw new AppError('storage.failed', `${file} was changed by somebody else meanwhile`, { hint: 'Try again.', retry: true })
    await rename(temporary, file)
    await using directory = await open(folder, 'r')
    await directory.sync()
  } catch (cause) {
    await rm(temporary, { force: true })
    if (cause instanceof AppError) throw cause
    throw new AppError('storage.failed', `${file} cannot be written: ${messageOf(cause)}`, { cause })
  }
}
