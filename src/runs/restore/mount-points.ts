import { readFileSync } from 'node:fs'
import { AppError } from '../../kit/app-error.ts'
import { decodeName } from '../../disk/name-codec.ts'

/**
 * What is mounted below a folder, as paths relative to it; bind mounts of its own file system and of single files too,
 * which device numbers do not tell (proc(5), /proc/PID/mountinfo, field 5). `folder` is absolute and without links.
 */
export function mountPointsBelow(folder: string): ReadonlySet<string> {
  const prefix = folder === '/' ? '/' : `${folder}/`
  const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n')
  const points = lines.map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
  const paths = points.map((point) => decodeName(Buffer.from(point, 'latin1')))
  return new Set(paths.filter((path) => path !== folder && path.startsWith(prefix)).map((path) => path.slice(prefix.length)))
}

/** The refusal to write below a mount point: a rename cannot lead there. */
export function onMountPoint(path: string): AppError {
  return new AppError('restore.target', `Another file system or folder is mounted at "${path}" in the target, and the restore point holds content for it, so that it cannot be swapped in one step`, {
    hint: 'Unmount it and restore again; or restore into another folder with --target, and copy that part from there.',
  })
}
