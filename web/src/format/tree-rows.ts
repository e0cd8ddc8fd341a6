import type { TreeEntry } from '../../../src/model/api/browse.ts'

/** So many entries of a folder come at once. */
export const pageSize = 500

/** What is known of one folder: how many entries it has, and the pages of them that have come, by their number. */
type FolderState = { readonly total: number | undefined; readonly pages: ReadonlyMap<number, readonly TreeEntry[]>; readonly problems: ReadonlyMap<number, unknown> }

/** A place in a folder: stays the same whatever opens, closes or comes around it. */
export type TreePlace = { readonly folder: string; readonly at: number }

/** Folders that were looked into, by the key of their path; the restore point itself has the key ''. `open` tells where each open one stands. */
export type TreeState = { readonly folders: ReadonlyMap<string, FolderState>; readonly open: ReadonlyMap<string, TreePlace> }

export type TreeAction =
  | { readonly type: 'toggle'; readonly key: string; readonly place: TreePlace }
  | { readonly type: 'loaded'; readonly key: string; readonly page: number; readonly entries: readonly TreeEntry[]; readonly total: number }
  | { readonly type: 'failed'; readonly key: string; readonly page: number; readonly problem: unknown }
  | { readonly type: 'retry'; readonly key: string; readonly page: number }

export const emptyTree: TreeState = { folders: new Map(), open: new Map() }

const nothing: FolderState = { total: undefined, pages: new Map(), problems: new Map() }

/** One pure step. A page that comes twice is taken once. */
export function reduceTree(state: TreeState, action: TreeAction): TreeState {
  const before = state.folders.get(action.key) ?? nothing
  const withFolder = (folder: FolderState): TreeState => ({ ...state, folders: new Map(state.folders).set(action.key, folder) })
  const problems = new Map(before.problems)
  switch (action.type) {
    case 'toggle': {
      const open = new Map(state.open)
      if (!open.delete(action.key)) open.set(action.key, action.place)
      return { ...state, open }
    }
    case 'loaded': {
      problems.delete(action.page)
      return withFolder({ total: action.total, pages: new Map(before.pages).set(action.page, action.entries), problems })
    }
    case 'failed': return withFolder({ ...before, problems: problems.set(action.page, action.problem) })
    case 'retry': {
      problems.delete(action.page)
      return withFolder({ ...before, problems })
    }
  }
}

/** `of`: how many stand in the folder, where that is known. */
type Row = TreePlace & { readonly depth: number; readonly of: number | undefined }
export type TreeRow =
  | Row & { readonly kind: 'entry'; readonly entry: TreeEntry; readonly isOpen: boolean }
  /** Stands for an entry that has not come yet; where it is seen, its page is fetched. */
  | Row & { readonly kind: 'awaited'; readonly page: number; readonly problem?: unknown }

/** Entries of one folder that stand below each other with no open folder between them. */
type Stretch = { readonly folder: string; readonly depth: number; readonly from: number; readonly to: number; readonly start: number }

/** The rows as they stand below each other, from the first moment as many as there are. Nothing in it grows with the names that a folder holds. */
export class TreeRows {
  readonly count: number
  readonly #state: TreeState
  readonly #stretches: readonly Stretch[]

  constructor(state: TreeState) {
    this.#state = state
    this.#stretches = stretchesOf(state)
    const last = this.#stretches.at(-1)
    this.count = last === undefined ? 0 : last.start + last.to - last.from
  }

  at(index: number): TreeRow | undefined {
    const stretch = this.#stretches[this.#stretches.findLastIndex(({ start }) => start <= index)]
    if (stretch === undefined || index < 0 || index >= this.count) return undefined
    const { folder, depth } = stretch
    const at = stretch.from + index - stretch.start
    const { total: of, pages, problems } = this.#state.folders.get(folder) ?? nothing
    const page = Math.floor(at / pageSize)
    const entry = pages.get(page)?.[at % pageSize]
    if (entry !== undefined) return { kind: 'entry', folder, at, of, depth, entry, isOpen: entry.kind === 'dir' && this.#state.open.has(entry.key) }
    return { kind: 'awaited', folder, at, of, depth, page, ...(problems.has(page) ? { problem: problems.get(page) } : {}) }
  }

  /** Where a place stands now; undefined where a folder around it was closed. */
  indexOf({ folder, at }: TreePlace): number | undefined {
    const stretch = this.#stretches.find((one) => one.folder === folder && one.from <= at && at < one.to)
    return stretch === undefined ? undefined : stretch.start + at - stretch.from
  }

  /** The place of an open folder; undefined for the restore point itself. */
  placeOf(folder: string): TreePlace | undefined {
    return this.#state.open.get(folder)
  }
}

function stretchesOf({ folders, open }: TreeState): readonly Stretch[] {
  const inside = new Map<string, { key: string; at: number }[]>()
  for (const [key, { folder, at }] of open) {
    const list = inside.get(folder)
    if (list === undefined) inside.set(folder, [{ key, at }])
    else list.push({ key, at })
  }
  for (const list of inside.values()) list.sort((a, b) => a.at - b.at)
  const stretches: Stretch[] = []
  let start = 0
  // Not by recursion: names can be nested as deep as somebody likes.
  const stack = [{ key: '', depth: 0, from: 0, next: 0 }]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = inside.get(top.key)?.[top.next++]
    // One row stands for a folder of which nothing is known yet.
    const to = child === undefined ? folders.get(top.key)?.total ?? 1 : child.at + 1
    if (to > top.from) stretches.push({ folder: top.key, depth: top.depth, from: top.from, to, start })
    start += Math.max(0, to - top.from)
    top.from = to
    if (child === undefined) stack.pop()
    else stack.push({ key: child.key, depth: top.depth + 1, from: 0, next: 0 })
  }
  return stretches
}
