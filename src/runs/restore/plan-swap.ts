import { AppError } from '../../kit/app-error.ts'
import type { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { onMountPoint } from './mount-points.ts'
import type { SwapOperation } from './restore-record.ts'

/** `take`: belongs to the application; `descend`: only something below it may; `skip`: neither it nor what lies below. */
export type Belongs = (path: string, isDir: boolean) => 'take' | 'descend' | 'skip'

type Planned = Omit<SwapOperation, 'seq'>

/**
 * What must be renamed so that the live folder has, of all that belongs, exactly what the stage has; in the fewest steps:
 * a subtree that is wholly new or wholly superfluous moves as one. What does not belong stays where it is.
 * A mount point stays as it is, with all that is mounted there. Metadata of folders that stay comes last, deepest first.
 *
 * @throws AppError `restore.target` where the stage has a file in place of a folder that holds something that does not
 *   belong, or content for a mount point; nothing was changed then.
 */
export function* planSwap(stage: AnchoredFolder, live: AnchoredFolder, belongs: Belongs, mountPoints: ReadonlySet<string> = new Set()): Generator<Planned> {
  yield* planFolder('.', { stage, live, belongs, mountPoints, device: live.lstat('.')?.dev })
}

type Trees = { readonly stage: AnchoredFolder; readonly live: AnchoredFolder; readonly belongs: Belongs; readonly mountPoints: ReadonlySet<string>; readonly device: bigint | undefined }

function* planFolder(folder: string, trees: Trees): Generator<Planned> {
  const staged = new Set(trees.stage.names(folder))
  for (const name of trees.live.names(folder)) {
    const path = folder === '.' ? name : `${folder}/${name}`
    if (!staged.has(name)) yield* planSuperfluous(path, trees)
  }
  for (const name of staged) {
    const path = folder === '.' ? name : `${folder}/${name}`
    const there = trees.live.lstat(path)
    const isFolder = trees.stage.lstat(path)?.isDirectory() === true
    if (there === undefined) {
      yield* moved({ kind: 'add', path }, trees)
    } else if (isMounted(path, there, trees)) {
      // A backup of one file system holds the mount point alone.
      if (!isFolder || !there.isDirectory() || trees.stage.names(path).length > 0) throw onMountPoint(path)
    } else if (there.isDirectory() && isFolder) {
      yield* planFolder(path, trees)
    } else {
      if (there.isDirectory() && !belongsWholly(path, trees)) {
        throw new AppError('restore.target', `"${path}" is a file in the restore point and a folder in the target, with content that does not belong to the application`, {
          hint: 'Move that content away, or restore into another folder with --target.',
        })
      }
      yield* moved({ kind: 'replace', path }, trees)
    }
  }
  // The parents of chosen paths are not themselves restored.
  yield { kind: trees.belongs(folder, true) === 'take' ? 'folder' : 'parent', path: folder }
}

function* planSuperfluous(path: string, trees: Trees): Generator<Planned> {
  const there = trees.live.lstat(path)
  // No backup saves a socket: its program makes it anew, and may be using it.
  if (there === undefined || there.isSocket() || isMounted(path, there, trees)) return
  const verdict = trees.belongs(path, there.isDirectory())
  if (verdict === 'skip') return
  if (!there.isDirectory()) {
    if (verdict === 'take') yield { kind: 'remove', path }
    return
  }
  if (verdict === 'take' && belongsWholly(path, trees)) {
    yield* moved({ kind: 'remove', path }, trees)
    return
  }
  for (const name of trees.live.names(path)) yield* planSuperfluous(`${path}/${name}`, trees)
  yield { kind: 'parent', path }
}

/** A folder that its owner may not write to must be opened up for the move; its metadata are then set again. */
function* moved(operation: Planned, { stage, live }: Trees): Generator<Planned> {
  yield operation
  const closed = [stage, live].some((tree) => {
    const there = tree.lstat(operation.path)
    return there?.isDirectory() === true && (there.mode & 0o200n) === 0n
  })
  if (closed) yield { kind: 'folder', path: operation.path }
}

/** Whether all below a folder belongs, so that it may move as one. */
function belongsWholly(folder: string, trees: Trees): boolean {
  const there = trees.live.lstat(folder)
  if (there === undefined) return true
  // A mount point cannot be renamed, and what is mounted there is not this file system's.
  if (isMounted(folder, there, trees) || trees.belongs(folder, there.isDirectory()) !== 'take') return false
  if (!there.isDirectory()) return !there.isSocket()
  return trees.live.names(folder).every((name) => belongsWholly(`${folder}/${name}`, trees))
}

function isMounted(path: string, { dev }: { readonly dev: bigint }, { device, mountPoints }: Trees): boolean {
  return dev !== device || mountPoints.has(path)
}
