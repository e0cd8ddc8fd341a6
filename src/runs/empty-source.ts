import { AppError } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Vault } from '../model/vault.ts'

type Expected = {
  readonly root: string
  readonly include: readonly string[]
  /** Whether an earlier restore point held something; asked only where nothing came. */
  heldBefore(): Promise<boolean>
}

/**
 * The entries as they come. Where they were folders alone although more was to be expected, a warning before their end: a disk that is
 * not mounted leaves an empty folder, and a point of that must not push out those that hold the files.
 */
export async function* tellingEmpty(entries: AsyncIterable<Entry>, { root, include, heldBefore }: Expected, run: Run): AsyncGenerator<Entry, void, undefined> {
  let isEmpty = true
  let isRootAlone = true
  for await (const entry of entries) {
    if (entry.kind !== 'dir') isEmpty = false
    if (entry.path !== '.') isRootAlone = false
    yield entry
  }
  if (!isEmpty) return
  const tell = (message: string): void => run.emit({ type: 'run.warning', code: 'source.empty', message })
  if (include.length > 0 && isRootAlone) tell(`Nothing in ${root} fits what is to be included (${include.join(', ')}): is its disk mounted? If it is, correct the patterns`)
  else if (await heldBefore()) tell(`${root} holds no file any more, and the earlier restore points do: is its disk mounted? They are all kept. If it is meant to be empty, it needs no backup`)
}

/**
 * Whether an application was last seen with something in it, by its points of one scope, newest first. One in which something was missing
 * tells that only where it held something.
 */
export async function heldFiles(vault: Vault, points: readonly Snapshot[], run: Run): Promise<boolean> {
  for (const point of points) {
    if (await holdsFiles(vault, point, run)) return true
    if (point.complete) return false
  }
  return false
}

async function holdsFiles(vault: Vault, { id, contentBytes, databases }: Snapshot, run: Run): Promise<boolean> {
  if (contentBytes > 0 || databases > 0) return true
  try {
    for await (const { kind } of vault.open(id, () => true, run, 'metadata')) if (kind !== 'dir') return true
    return false
  } catch (error) {
    if (!(error instanceof AppError) || run.signal.aborted) throw error
    // What cannot be read any more may have been all there was.
    return true
  }
}
