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

/**
 * A place for the backups of one application, as it is now: `disk` tells whether it is the same disk as the application's, `inside`
 * is the root of the application that it lies in (its own, or another one), `problem` why no backup could be written there. Of a
 * place for a test `name` is the root that it was tested for.
 */
const placeFactsSchema = z.object({ name: z.string(), place: z.string(), freeBytes: count.optional(), disk: z.enum(['same', 'other', 'unknown']), inside: z.string().optional(), problem: z.string().optional() })
export type PlaceFacts = z.infer<typeof placeFactsSchema>

/** `POST /api/config/test-place` `{place}`: whether a folder can be written to; with `roots`, what it is to applications there. */
export const testPlaceRequestSchema = z.strictObject({ place: z.string().min(1).max(4096), roots: z.array(z.string().min(1).max(4096)).max(100).default([]) })
/** Its answer. `places`: one for each of the roots. */
export const testPlaceSchema = z.object({ ok: z.boolean(), text: z.string(), freeBytes: count.optional(), places: z.array(placeFactsSchema) })
export type TestPlace = z.infer<typeof testPlaceSchema>

/** An application that could be added. `places`: where its backups would go. `overlaps`: configured applications whose root lies below or above its own. */
const discoveredSchema = z.object({
  root: z.string(), preset: z.string(), name: z.string(), databases: z.array(z.string()),
  places: z.array(placeFactsSchema),
  overlaps: z.array(z.object({ app: z.string(), root: z.string(), is: z.enum(['below', 'above']) })),
})
export type Discovered = z.infer<typeof discoveredSchema>

/**
 * `GET /api/discover` (admin): applications found on this machine that are not configured yet; with `?folder=` the one in that folder,
 * whatever it is. `following`: configured applications that name no vaults, and where they go: a vault or place that is added or
 * changed would change it.
 */
export const discoverySchema = z.object({
  applications: z.array(discoveredSchema),
  following: z.array(z.object({ app: z.string(), vaults: z.array(z.object({ name: z.string(), place: z.string() })) })),
})
export type Discovery = z.infer<typeof discoverySchema>

/** `POST /api/uploads` `{app, name, sizeBytes}`; bytes follow with `PATCH /api/uploads/:id?offset=N`; `GET /api/uploads/:id` tells how far it is. */
export const uploadRequestSchema = z.strictObject({ app: z.string(), name: z.string().min(1).max(255), sizeBytes: count })
/** What a checked archive says of itself; one of another program does not say whose it is. `isOther`: it is of another application than that which it was uploaded for. */
const uploadAboutSchema = z.object({ app: z.string().optional(), host: z.string(), startedAt: z.iso.datetime(), kind: z.string().optional(), isOther: z.boolean() })
export type UploadAbout = z.infer<typeof uploadAboutSchema>
export const uploadSchema = z.object({ id: z.string(), app: z.string(), name: z.string(), sizeBytes: count, receivedBytes: count, state: z.enum(['receiving', 'checking', 'ready', 'refused']), text: z.string().optional(), about: uploadAboutSchema.optional() })
export type Upload = z.infer<typeof uploadSchema>
