import { basename } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import { manifestSchema } from '../../model/restore-point.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import { snapshotOf } from '../list-points.ts'
import { foreignFileSchema } from './foreign-files.ts'
import type { ForeignKind } from './foreign-kind.ts'
import { foreignKinds, foreignSetKinds } from './foreign-kinds.ts'

const instant = z.iso.datetime()

/**
 * All that is known of a foreign restore point: where its files lie, and a manifest that was made from a reading of them. As
 * JSON it is the reference that an import leaves at the place.
 */
export const foreignPointSchema = z.object({
  format: z.literal('holdfast/imported'),
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  kind: z.string(),
  encrypted: z.boolean(),
  files: z.array(foreignFileSchema).min(1),
  /** Paths that the archive holds several times, with how often; 0 for a folder. */
  repeated: z.array(z.tuple([z.string(), z.int().nonnegative()])),
  /** What folders it tells nothing of: all of them (PHP's zips), the root (tars of `*`), or none. */
  lacks: z.enum(['folders', 'root', 'nothing']),
  manifest: manifestSchema,
  importedAt: instant,
  verifiedAt: instant.optional(),
  damagedAt: instant.optional(),
})
export type ForeignPoint = z.infer<typeof foreignPointSchema>

/** @throws AppError `archive.foreign` for a kind that this version does not know. */
export function kindOf(point: Pick<ForeignPoint, 'kind'>): ForeignKind {
  const found = knownKind(point.kind)
  if (found === undefined) throw new AppError('archive.foreign', `This version does not know archives of the kind "${point.kind}"`, { hint: 'Update Holdfast, or import the archive again.' })
  return found
}

/** Undefined for a kind of another version, which a copy may name. */
export function knownKind(name: string): ForeignKind | undefined {
  return [...foreignKinds, ...foreignSetKinds].find((kind) => kind.name === name)
}

/** A foreign point as lists show it. */
export function foreignSnapshot(point: ForeignPoint): Snapshot {
  const { manifest, files, encrypted, verifiedAt, damagedAt } = point
  const packing = manifest.foreign?.container
  return {
    ...snapshotOf(manifest, {
      key: files[0]?.path ?? '',
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      encrypted,
      format: packing === 'zip' || packing === 'folder' || packing === 'tar.zst' ? packing : 'tar.gz',
    }),
    ...(files.length === 1 && packing !== 'folder' ? { sha256: files[0]?.sha256 } : {}),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(damagedAt === undefined ? {} : { damagedAt }),
  }
}

/** What to call its files in a sentence. */
export function nameOf(point: ForeignPoint): string {
  const [first, ...others] = point.files
  return `${basename(first?.path ?? '')}${others.length === 0 ? '' : ` and ${others.length} more`}`
}
