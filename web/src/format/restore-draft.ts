import type { RestoreRequest } from '../../../src/model/api/restore.ts'

/** What the restore assistant has been told so far. */
export type RestoreDraft = {
  readonly point: string
  readonly what: RestoreRequest['what']
  /** Only these; empty: all. */
  readonly paths: readonly string[]
  readonly where: 'inPlace' | 'folder'
  readonly folder: string
  /** Other names of databases, by their own; empty: its own. */
  readonly databases: Readonly<Record<string, string>>
}

export const emptyDraft: RestoreDraft = { point: '', what: 'all', paths: [], where: 'inPlace', folder: '', databases: {} }

/** The request for the plan and, with the typed name and the plan's digest, for the restore itself: both the same, so that what was shown is what is done. */
export function requestOf(draft: RestoreDraft, confirmed?: { readonly confirm: string; readonly plan: string }): RestoreRequest {
  const databases = Object.fromEntries(Object.entries(draft.databases).filter(([from, to]) => to.trim() !== '' && to.trim() !== from).map(([from, to]) => [from, to.trim()]))
  return {
    point: draft.point, what: draft.what,
    ...(draft.paths.length === 0 || draft.what === 'database' ? {} : { paths: [...draft.paths] }),
    ...(draft.where === 'folder' ? { target: draft.folder.trim() } : {}),
    ...(Object.keys(databases).length === 0 || draft.what === 'files' ? {} : { databases }),
    ...confirmed,
  }
}

/** Whether the assistant may go on from where it is. */
export function isComplete(draft: RestoreDraft, step: 'what' | 'where'): boolean {
  if (step === 'what') return draft.point !== ''
  return draft.where === 'inPlace' || draft.folder.trim().startsWith('/')
}
