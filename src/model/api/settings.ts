import { z } from 'zod'

const count = z.int().nonnegative()

/** `GET /api/config` (admin): the text of holdfast.yaml, and its fingerprint that a change must name. Secrets are references, never values. */
export const configTextSchema = z.object({ file: z.string(), text: z.string(), etag: z.string(), writable: z.boolean() })
export type ConfigText = z.infer<typeof configTextSchema>

/** `PATCH /api/config`: values by their path in the document; null removes. Comments and order stay. */
export const configPatchSchema = z.strictObject({
  etag: z.string(),
  changes: z.array(z.strictObject({ path: z.array(z.union([z.string(), z.int()])).min(1).max(12), value: z.json() })).min(1).max(200),
})
/** `PUT /api/config`: the whole text. */
export const configPutSchema = z.strictObject({ etag: z.string(), text: z.string().max(1_000_000) })

/** `POST /api/config/test-place` `{place}`: whether a folder can be written to. */
export const testPlaceRequestSchema = z.strictObject({ place: z.string().min(1).max(4096) })
const testPlaceSchema = z.object({ ok: z.boolean(), text: z.string(), freeBytes: count.optional() })
export type TestPlace = z.infer<typeof testPlaceSchema>

/** `GET /api/discover` (admin): applications found on this machine that are not configured yet. */
const discoveredSchema = z.object({ root: z.string(), preset: z.string(), name: z.string(), databases: z.array(z.string()) })
export type Discovered = z.infer<typeof discoveredSchema>

/** `POST /api/uploads` `{app, name, sizeBytes}`; bytes follow with `PATCH /api/uploads/:id?offset=N`; `GET /api/uploads/:id` tells how far it is. */
export const uploadRequestSchema = z.strictObject({ app: z.string(), name: z.string().min(1).max(255), sizeBytes: count })
/** What a checked archive says of itself; one of another program does not say whose it is. `isOther`: it is of another application than that which it was uploaded for. */
const uploadAboutSchema = z.object({ app: z.string().optional(), host: z.string(), startedAt: z.iso.datetime(), kind: z.string().optional(), isOther: z.boolean() })
export type UploadAbout = z.infer<typeof uploadAboutSchema>
export const uploadSchema = z.object({ id: z.string(), app: z.string(), name: z.string(), sizeBytes: count, receivedBytes: count, state: z.enum(['receiving', 'checking', 'ready', 'refused']), text: z.string().optional(), about: uploadAboutSchema.optional() })
export type Upload = z.infer<typeof uploadSchema>
