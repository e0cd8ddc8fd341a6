import { z } from 'zod'

/** What of the application is in a restore point: all, all without chosen parts, or the databases alone. */
export const scopeSchema = z.enum(['full', 'partial', 'database'])
export type Scope = z.infer<typeof scopeSchema>

/** Dated points are kept by retention; a rolling one is replaced a week later by the next of its weekday. */
const slotSchema = z.enum(['dated', 'rolling'])
export type Slot = z.infer<typeof slotSchema>

export const formatSchema = z.enum(['zip', 'tar.gz', 'tar.zst', 'folder'])
export type Format = z.infer<typeof formatSchema>

const instant = z.iso.datetime()
const id = z.string().regex(/^[0-9a-f]{16}$/)
const count = z.int().nonnegative()

export const databaseFactsSchema = z.object({
  name: z.string(),
  engine: z.enum(['mariadb', 'sqlite', 'postgresql', 'influxdb', 'influxdb2', 'redis']),
  /** The server's or library's own version string. */
  version: z.string(),
  /** Where the dump lies in the restore point, as an entry's path. */
  path: z.string(),
  tables: z.array(z.object({ name: z.string(), kind: z.enum(['table', 'view']), rows: count.optional() })),
  sizeBytes: count,
  /** The database's own default, which its dump does not carry. */
  collation: z.string().optional(),
  /** Set on a dump of another program that ends without the closing line of mariadb-dump. */
  unclosed: z.literal(true).optional(),
  /** Set where its server ran in a container: the service (of that compose project) or container, and what the server itself calls the database. */
  container: z.object({ name: z.string(), project: z.string().optional(), database: z.string().optional() }).optional(),
  /** Where the server's raw files lie in the restore point, saved while it stood still: what comes back with them needs no import. */
  rawFiles: z.string().optional(),
})
export type DatabaseFacts = z.infer<typeof databaseFactsSchema>

/** What was left out or needs attention, with the path it is about. */
export const remarkSchema = z.object({ code: z.string(), message: z.string(), path: z.string().optional() })
export type Remark = z.infer<typeof remarkSchema>

/** Which files belong to the application; a restore is exact within this and touches nothing outside it. */
const selectionSchema = z.object({
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  oneFileSystem: z.boolean(),
  cacheDirTag: z.boolean(),
})
export type SelectionRules = z.infer<typeof selectionSchema>

/**
 * Set where another program made the archive: its name, and how the archive is packed. Such a point brought no records, and
 * whether all that belongs to the application is in it cannot be known.
 */
const foreignSchema = z.object({
  kind: z.string(),
  container: z.string(),
  /** Set on a copy of ours: the id of the foreign point that it was made from. */
  source: id.optional(),
})

/**
 * A named volume of a container that is saved with the application, where it lies in the restore point, and what it is made with
 * where it is missing. Options of other drivers than `local`, and passwords, are left out.
 */
const volumeSchema = z.object({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/),
  path: z.string(),
  source: z.string(),
  /** The socket of its engine: two engines may each have a volume of that name. */
  engine: z.string().optional(),
  driver: z.string().optional(),
  options: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
})
export type VolumeFacts = z.infer<typeof volumeSchema>

/** One restore point as lists show it and retention judges it. Small: no names of files. */
export const snapshotSchema = z.object({
  id,
  app: z.string(),
  host: z.string(),
  root: z.string(),
  scope: scopeSchema,
  slot: slotSchema,
  startedAt: instant,
  finishedAt: instant,
  /** False when something that belongs in it could not be read. */
  complete: z.boolean(),
  format: formatSchema,
  /** Where its archive lies in the vault's storage. */
  key: z.string(),
  encrypted: z.boolean(),
  /** Bytes of the archive. */
  sizeBytes: count,
  /** Bytes of all contents before compression. */
  contentBytes: count,
  entries: count,
  databases: count,
  warnings: count,
  /** A hint where in the archive's bytes its records begin, so that they are read without the rest. Never trusted. */
  trailerAt: count.optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).optional(),
  /** Last time that every byte was read again and matched its records. */
  verifiedAt: instant.optional(),
  /** Set when a check found damage; cleared by a check that finds none. */
  damagedAt: instant.optional(),
  foreign: foreignSchema.optional(),
})
export type Snapshot = z.infer<typeof snapshotSchema>

/** One line of the records inside an archive: an entry's metadata and the hash of its content. */
export const recordSchema = z.object({
  path: z.string(),
  kind: z.enum(['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']),
  size: count.optional(),
  mode: z.int().min(0).max(0o7777),
  /** Nanoseconds since 1970 as a decimal string; JSON numbers are too small. */
  mtimeNs: z.string().regex(/^-?\d+$/),
  uid: count.optional(),
  gid: count.optional(),
  user: z.string().optional(),
  group: z.string().optional(),
  linkTarget: z.string().optional(),
  hardlinkTo: z.string().optional(),
  data: z.array(z.tuple([count, count])).optional(),
  rdev: z.tuple([count, count]).optional(),
  /** Values in base64. */
  xattrs: z.record(z.string(), z.base64()).optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).optional(),
  dump: z.literal(true).optional(),
})
export type EntryRecord = z.infer<typeof recordSchema>

/** All that is known of a restore point; it lies inside the archive as its last member. */
export const manifestSchema = z.object({
  format: z.literal('holdfast/restore-point'),
  version: z.literal(1),
  program: z.string(),
  /** The points that this archive's bytes were written as; one, or a dated and a rolling one. */
  points: z.array(z.object({ id, slot: slotSchema, key: z.string() })).min(1),
  app: z.string(),
  host: z.string(),
  preset: z.string(),
  root: z.string(),
  scope: scopeSchema,
  /** Names of the parts that a partial point leaves out. */
  without: z.array(z.string()),
  selection: selectionSchema,
  startedAt: instant,
  finishedAt: instant,
  complete: z.boolean(),
  databases: z.array(databaseFactsSchema),
  volumes: z.array(volumeSchema).optional(),
  /** What belongs to the application and is not here, and why. */
  leftOut: z.array(remarkSchema),
  warnings: z.array(remarkSchema),
  notes: z.array(remarkSchema),
  entries: count,
  contentBytes: count,
  records: z.object({ path: z.string(), sha256: z.string(), lines: count }),
  /** The application's part of holdfast.yaml, without secrets. */
  config: z.string().optional(),
  /** Without records (`records` is empty) the archive itself is another program's; with them it is a copy of ours. */
  foreign: foreignSchema.optional(),
})
export type Manifest = z.infer<typeof manifestSchema>
