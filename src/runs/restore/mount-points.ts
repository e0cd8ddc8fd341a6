import { readMounts } from '../../disk/mounts.ts'
import { AppError } from '../../kit/app-error.ts'

/**
 * What is mounted below a folder, as paths relative to it; bind mounts of its own file system and of single files too,
 * which device numbers do not tell. `folder` is absolute and without links.
 */
export function mountPointsBelow(folder: string): ReadonlySet<string> {
  const prefix = folder === '/' ? '/' : `${folder}/`
  return new Set(readMounts().map(({ path }) => path).filter((path) => path !== folder && path.startsWith(prefix)).map((path) => path.slice(prefix.length)))
}

/** The refusal to write below a mount point: a rename cannot lead there. */
export function onMountPoint(path: string): AppError {
  return new AppError('restore.target', `Another file system or folder is mounted at "${path}" in the target, and the restore point holds content for it, so that it cannot be swapped in one step`, {
    hint: 'Unmount it and restore again; or restore into another folder with --target, and copy that part from there.',
  })
}
