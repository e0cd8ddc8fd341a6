import { useSyncExternalStore } from 'react'

/** What was changed in forms and not saved yet, by the part of the configuration. It outlives a form, a page and a session; not the window. */
let drafts: ReadonlyMap<string, unknown> = new Map()
let owner: string | undefined
const listeners = new Set<() => void>()

function become(next: ReadonlyMap<string, unknown>): void {
  drafts = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

type Path = readonly string[]

/** One form's draft. Each path is used with one type. */
export function useDraft<T>(path: Path): readonly [draft: T | undefined, setDraft: (draft: T | undefined) => void] {
  const key = JSON.stringify(path)
  const draft = useSyncExternalStore(subscribe, () => drafts.get(key)) as T | undefined
  return [draft, (next) => setDraft(path, next)]
}

export function setDraft(path: Path, draft: unknown): void {
  const next = new Map(drafts)
  if (draft === undefined) next.delete(JSON.stringify(path))
  else next.set(JSON.stringify(path), draft)
  become(next)
}

/** Forgets a draft once it is saved; what was typed while it was on its way stays one. */
export function settleDraft(path: Path, sent: unknown): void {
  if (drafts.get(JSON.stringify(path)) === sent) setDraft(path, undefined)
}

export function dropDrafts(): void {
  become(new Map())
}

/** Drafts are of who made them: after a sign-in of somebody else there are none. */
export function keepDraftsOf(name: string): void {
  if (owner !== undefined && owner !== name && drafts.size > 0) dropDrafts()
  owner = name
}

/** Which parts have a draft. */
export function useUnsaved(): readonly Path[] {
  return pathsOf(useSyncExternalStore(subscribe, () => drafts))
}

export function unsaved(): readonly Path[] {
  return pathsOf(drafts)
}

function pathsOf(map: ReadonlyMap<string, unknown>): readonly Path[] {
  return [...map.keys()].map((key) => JSON.parse(key) as Path)
}
