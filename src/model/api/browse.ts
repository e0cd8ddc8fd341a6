import { z } from 'zod'
import { databaseFactsSchema, remarkSchema } from '../restore-point.ts'

const count = z.int().nonnegative()

/**
 * One name in a folder of a restore point. Requests take `path`, or `key` (the path's bytes in base64url), which also works for names
 * that are no UTF-8 and so no part of a URL.
 */
const treeEntrySchema = z.object({
  key: z.string(),
  path: z.string(), name: z.string(), kind: z.enum(['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']),
  sizeBytes: count.optional(), mtime: z.iso.datetime(), mode: count, owner: z.string(), linkTarget: z.string().optional(),
  dump: z.boolean(),
})
export type TreeEntry = z.infer<typeof treeEntrySchema>

/**
 * `GET /api/apps/:app/points/:id/tree?path=&cursor=&limit=`: folders first, then by name; `cursor` is how many entries stand before the page,
 * so that any place can be begun at. `GET …/search?q=` gives the same.
 */
export const treePageSchema = z.object({ entries: z.array(treeEntrySchema), total: count, next: z.string().optional() })
export type TreePage = z.infer<typeof treePageSchema>

/** `GET /api/apps/:app/points/:id/tree/place?path=&name=&from=`: where the next name from `from` on begins with `name`; empty where none does. */
export const treePlaceSchema = z.object({ at: count.optional() })
export type TreePlace = z.infer<typeof treePlaceSchema>

/** `GET /api/apps/:app/points/:id`: more than a list shows. */
export const pointDetailSchema = z.object({
  databases: z.array(databaseFactsSchema), leftOut: z.array(remarkSchema), warnings: z.array(remarkSchema), notes: z.array(remarkSchema), without: z.array(z.string()), host: z.string(), program: z.string(), preset: z.string(),
})
export type PointDetail = z.infer<typeof pointDetailSchema>

/** `GET …/preview?path=`: the begin of a text; `text` absent for what is none. */
export const previewSchema = z.object({ path: z.string(), text: z.string().optional(), cut: z.boolean() })
export type Preview = z.infer<typeof previewSchema>

/** The result of the ticket that `POST /api/apps/:app/points/:id/diff` `{with: ID | 'live'}` gives. */
export const diffResultSchema = z.object({
  added: count, removed: count, changed: count,
  entries: z.array(z.object({ path: z.string(), change: z.enum(['added', 'removed', 'changed']), what: z.array(z.string()), before: count.optional(), after: count.optional() })),
  /** True where there are more than are listed. */
  cut: z.boolean(),
  tables: z.array(z.object({ database: z.string(), table: z.string(), before: count.optional(), after: count.optional() })),
})
export type DiffResult = z.infer<typeof diffResultSchema>
