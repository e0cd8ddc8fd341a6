import type { RestoreRequest } from '../../../src/model/api/restore.ts'
import type { Upload } from '../../../src/model/api/settings.ts'

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
  /** The archive from this computer, once it was checked. */
  readonly upload?: Upload | undefined
  /** That an archive of another application is meant. */
  readonly isOtherMeant: boolean
}

export const emptyDraft: RestoreDraft = { point: '', what: 'all', paths: [], where: 'inPlace', folder: '', databases: {}, isOtherMeant: false }

/** The request for the plan and, with the typed name and the plan's digest, for the restore itself: both the same, so that what was shown is what is done. */
export function requestOf(draft: RestoreDraft, confirmed?: { readonly confirm: string; readonly plan: string }): RestoreRequest {
  const databases = Object.fromEntries(Object.entries(draft.databases).filter(([from, to]) => to.trim() !== '' && to.trim() !== from).map(([from, to]) => [from, to.trim()]))
  return {
    point: draft.point, what: draft.what,
    ...(draft.paths.length === 0 || draft.what === 'database' ? {} : { paths: [...draft.paths] }),
    ...(draft.where === 'folder' ? { target: draft.folder.trim() } : {}),
    ...(Object.keys(databases).length === 0 || draft.what === 'files' ? {} : { databases }),
    ...(confirmed !== undefined && draft.isOtherMeant && draft.upload?.about?.app !== undefined ? { otherApplication: draft.upload.about.app } : {}),
    ...confirmed,
  }
}

/** Whether the assistant may go on from where it is. */
export function isComplete(draft: RestoreDraft, step: 'what' | 'where'): boolean {
  if (step === 'what') return draft.point !== ''
  return draft.where === 'inPlace' || draft.folder.trim().startsWith('/')
}
