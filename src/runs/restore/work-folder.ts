import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { removeTree } from '../../disk/remove-tree.ts'
import { systemCode } from '../../kit/app-error.ts'

/** Anchored exclusion of the container where it has to lie inside the application. */
export const containerInside = '.holdfast'

/** How long a safety point is kept: a week. */
export const keepSafetyMs = 7 * 24 * 3600 * 1000

/** Backups skip a folder with this tag (bford.info/cachedir): what lies here is never part of an application. */
const tag = 'Signature: 8a477f597d28d172789f06886806bc55\n# Holdfast keeps restores in progress and safety points here.\n'

/**
 * The folder that holds restores in progress and safety points of a target: beside it where its parent may be written
 * and is on the same file system, so that renaming works and a web server does not serve it; else inside.
 */
function containerOf(target: string): string {
  const beside = join(dirname(target), `.${basename(target)}.holdfast`)
  const inside = join(target, containerInside)
  if (existsSync(beside)) return beside
  if (existsSync(inside)) return inside
  const parent = dirname(target)
  if (parent === target) return inside
  try {
    accessSync(parent, constants.W_OK | constants.X_OK)
    if (!existsSync(target) || statSync(target).dev === statSync(parent).dev) return beside
  } catch (error) {
    // The parent will be made with the target.
    if (systemCode(error) === 'ENOENT') return beside
    if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EROFS') throw error
  }
  return inside
}

/** Whether a folder of this name holds restores in progress and safety points, of whatever target. */
export function isContainer(name: string): boolean {
  return name === containerInside || /^\..+\.holdfast$/s.test(name)
}

/**
 * Makes a new work folder, readable by nobody else, and gives its path; nothing stays of it where that fails.
 * @throws system errors.
 */
export function makeWorkFolder(target: string, now: Date): string {
  const container = containerOf(target)
  const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+Z$/, 'Z')
  const folder = join(container, `${stamp}-${randomBytes(4).toString('hex')}`)
  try {
    mkdirSync(container, { recursive: true, mode: 0o700 })
    writeFileSync(join(container, 'CACHEDIR.TAG'), tag)
    for (const path of [folder, join(folder, 'stage'), join(folder, 'originals'), join(folder, 'folders'), join(folder, 'databases')]) mkdirSync(path, { mode: 0o700 })
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    removeEmptyContainer(container)
    throw error
  }
}

/** Work folders of a target, oldest first. */
export function listWorkFolders(target: string): string[] {
  const container = containerOf(target)
  try {
    return readdirSync(container).filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(name)).sort().map((name) => join(container, name)).filter((path) => lstatSync(path).isDirectory())
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Removes a folder that was made for a restore, unless something lies in it meanwhile. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCode(error) ?? '')) throw error
  }
}

/** Removes a work folder, and its container when that was the last. */
export async function removeWorkFolder(folder: string): Promise<void> {
  // The record first: with it a safety point that is half removed would still look like one that can be undone.
  for (const name of ['restore.db', 'restore.db-journal']) await rm(join(folder, name), { force: true })
  await removeTree(folder)
  removeEmptyContainer(dirname(folder))
}

/** Removes what a restore has left that was killed before it had a work folder. */
export function tidyContainer(target: string): void {
  const container = containerOf(target)
  if (existsSync(container)) removeEmptyContainer(container)
}

function removeEmptyContainer(container: string): void {
  if (!existsSync(container) || !readdirSync(container).every((name) => name === 'CACHEDIR.TAG')) return
  rmSync(join(container, 'CACHEDIR.TAG'), { force: true })
  removeIfEmpty(container)
}
