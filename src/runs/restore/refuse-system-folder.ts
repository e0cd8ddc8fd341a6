import { AppError } from '../../kit/app-error.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { Application } from '../application.ts'

/** What lies there is the machine's own, or of all its programs and people; a restore would remove what the restore point does not hold. */
const systemFolders: ReadonlySet<string> = new Set([
  '/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/root', '/run', '/sbin', '/sys', '/tmp', '/usr', '/var',
  '/usr/bin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/usr/local', '/usr/sbin', '/usr/share', '/var/lib', '/var/tmp',
])

/**
 * Refuses a folder of the system as the target of whatever was not made from that very folder.
 * @throws AppError `restore.target`.
 */
export function refuseSystemFolder(app: Application, manifest: Pick<Manifest, 'app' | 'root'>): void {
  if (!systemFolders.has(app.root) || manifest.root === app.root || (app.configured && app.name === manifest.app)) return
  throw new AppError('restore.target', `${app.root} is a folder of the system: what is in it and not in the restore point would be removed`, { hint: 'Restore into a folder of its own, and take from there what you need.' })
}
