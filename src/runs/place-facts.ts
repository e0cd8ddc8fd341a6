import { constants } from 'node:fs'
import { access, realpath, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FolderProbe } from '../disk/folder-probe.ts'
import { sameDisk } from '../disk/same-disk.ts'
import { messageOf, systemCode } from '../kit/app-error.ts'
import type { PlaceFacts } from '../model/api/settings.ts'
import type { VaultPlan } from './application.ts'

type Around = {
  /** The application that is to be saved there. */
  readonly root: string
  /** Roots of others that the place may lie in. */
  readonly roots: readonly string[]
  /** It is made with all its parents; of others the parent must be there, as it may be a disk that is not mounted. */
  readonly defaultPlace: string
  readonly probe: Pick<FolderProbe, 'answers'>
}

/** What somebody should know of a place before an application's backups go there. Nothing is made or changed; a folder that does not answer holds nobody. */
export async function placeFacts({ name, place }: Pick<VaultPlan, 'name' | 'place'>, { root, roots, defaultPlace, probe }: Around): Promise<PlaceFacts> {
  const unknown = { name, place, disk: 'unknown' } as const
  if (!await probe.answers(place)) return { ...unknown, problem: `${place} does not answer: its network mount or its disk hangs.` }
  try {
    const there = await nearestThere(place)
    const real = join(await realpath(there), place.slice(there.length))
    const inside = [root, ...roots].find((folder) => `${real}/`.startsWith(folder === '/' ? '/' : `${folder}/`))
    const problem = real === root ? `${place} is the application's own folder: choose another one.` : await problemOf(place, there, defaultPlace)
    const known = { ...(inside === undefined ? {} : { inside }), ...(problem === undefined ? {} : { problem }) }
    // The disk below the folder that another one is to be mounted on says nothing of that one.
    if (problem !== undefined && there !== place) return { ...unknown, ...known }
    const { bavail, bsize } = await statfs(there)
    return { name, place, freeBytes: bavail * bsize, disk: await sameDisk(root, there), ...known }
  } catch (error) {
    return { ...unknown, problem: `${place} cannot be looked at: ${messageOf(error)}` }
  }
}

/** The folder, else the nearest of its parents that is there. */
async function nearestThere(place: string): Promise<string> {
  try {
    await stat(place)
    return place
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(place) === place) throw error
    return await nearestThere(dirname(place))
  }
}

async function problemOf(place: string, there: string, defaultPlace: string): Promise<string | undefined> {
  if (!(await stat(there)).isDirectory()) return `${there} is no folder.`
  if (place !== defaultPlace && place !== there && dirname(place) !== there) return `There is no folder ${place}, and none that it could be made in: is its disk mounted?`
  return await access(there, constants.W_OK | constants.X_OK).then(() => undefined, () => `${place} cannot be written by the user that the server runs as.`)
}
