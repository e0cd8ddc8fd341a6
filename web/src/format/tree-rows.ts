import type { TreeEntry } from '../../../src/model/api/browse.ts'

/** What is known of one folder: the entries that have come, and how many there are in all. */
type FolderState = { readonly entries: readonly TreeEntry[]; readonly total: number; readonly next: string | undefined; readonly isLoading: boolean; readonly problem?: unknown }

/** Folders that were looked into, by the key of their path; the restore point itself has the key ''. */
export type TreeState = { readonly folders: ReadonlyMap<string, FolderState>; readonly open: ReadonlySet<string> }

export type TreeAction =
  | { readonly type: 'toggle'; readonly key: string }
  | { readonly type: 'loading'; readonly key: string }
  | { readonly type: 'loaded'; readonly key: string; readonly entries: readonly TreeEntry[]; readonly total: number; readonly next: string | undefined }
  | { readonly type: 'failed'; readonly key: string; readonly problem: unknown }

export const emptyTree: TreeState = { folders: new Map(), open: new Set(['']) }

const nothing: FolderState = { entries: [], total: 0, next: undefined, isLoading: false }

/** One pure step. A page that comes twice is taken once: it is told by what came before. */
export function reduceTree(state: TreeState, action: TreeAction): TreeState {
  const before = state.folders.get(action.key) ?? nothing
  const withFolder = (folder: FolderState): TreeState => ({ ...state, folders: new Map(state.folders).set(action.key, folder) })
  switch (action.type) {
    case 'toggle': {
      const open = new Set(state.open)
      if (!open.delete(action.key)) open.add(action.key)
      return { ...state, open }
    }
    case 'loading': {
      const { problem: _, ...rest } = before
      return withFolder({ ...rest, isLoading: true })
    }
    case 'loaded': {
      const known = new Set(before.entries.map(({ key }) => key))
      return withFolder({ entries: [...before.entries, ...action.entries.filter(({ key }) => !known.has(key))], total: action.total, next: action.next, isLoading: false })
    }
    case 'failed': return withFolder({ ...before, isLoading: false, problem: action.problem })
  }
}

export type TreeRow =
  | { readonly kind: 'entry'; readonly entry: TreeEntry; readonly depth: number; readonly isOpen: boolean; readonly at: number; readonly of: number }
  /** Stands for what has not come yet; where it is seen, it is fetched. */
  | { readonly kind: 'more'; readonly folder: string; readonly depth: number; readonly left: number; readonly problem?: unknown }

/** The rows as they stand below each other. */
export function treeRows({ folders, open }: TreeState): readonly TreeRow[] {
  const rows: TreeRow[] = []
  // Not by recursion: names can be nested as deep as somebody likes.
  const stack: { key: string; depth: number; at: number }[] = [{ key: '', depth: 0, at: 0 }]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const folder = folders.get(top.key) ?? nothing
    const entry = folder.entries[top.at]
    if (entry === undefined) {
      stack.pop()
      const isUnknown = !folders.has(top.key) || folder.isLoading && folder.entries.length === 0
      if (isUnknown || folder.next !== undefined || folder.problem !== undefined) rows.push({ kind: 'more', folder: top.key, depth: top.depth, left: isUnknown ? 0 : folder.total - folder.entries.length, ...(folder.problem === undefined ? {} : { problem: folder.problem }) })
      continue
    }
    top.at++
    const isOpen = entry.kind === 'dir' && open.has(entry.key)
    rows.push({ kind: 'entry', entry, depth: top.depth, isOpen, at: top.at, of: folder.total })
    if (isOpen) stack.push({ key: entry.key, depth: top.depth + 1, at: 0 })
  }
  return rows
}
