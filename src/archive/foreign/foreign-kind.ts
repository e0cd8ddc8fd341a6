import type { DumpVerdict } from '../../model/dump-reader.ts'
import type { Scope, Slot } from '../../model/restore-point.ts'

/** How the bytes of an archive are packed, as they themselves tell; a suffix tells nothing. */
export type Packing = 'zip' | 'tar' | 'tar.gz' | 'tar.zst' | 'gpg' | 'folder'

/** What a recogniser is shown of an archive, or of several files that are one restore point. */
export type Evidence = {
  /** Of the file or folder; of a set what its files have in common. For dates and names: what it is, its content tells. */
  readonly name: string
  readonly packing: Packing
  /** True where one of the members is this, a folder without a slash at its end. Only paths among `marks` are known. */
  has(mark: string): boolean
  /** The first parts of all paths; the first thousand. */
  readonly tops: ReadonlySet<string>
  /** Judged dumps, by path. */
  readonly dumps: ReadonlyMap<string, DumpVerdict>
  /** The first 64 KiB of the members named in `texts`. */
  readonly texts: ReadonlyMap<string, string>
  /** When the file was last written. */
  readonly modifiedAt: Date
}

/** What a recogniser tells of an archive that it knows. */
export type Recognised = {
  /** A name for the application, where the user gives none. */
  readonly app: string
  readonly madeAt: Date
  readonly host?: string
  readonly scope: Scope
  readonly slot?: Slot
}

/**
 * One kind of foreign archives: data and a few pure functions. To add one, write a file like those beside this one and name
 * it in `foreign-kinds.ts`; docs/how-to/import.md tells what users see of it.
 */
export interface ForeignKind {
  readonly name: string
  /** The preset of such applications. */
  readonly preset: string
  /** As its users call it. */
  readonly title: string
  /** Members that the recogniser asks for. Paths are without `./` before and `/` behind. */
  readonly marks: readonly string[]
  /** Small members whose text it reads. */
  readonly texts?: readonly string[]
  /** Where dumps lie that belong into a database, by member. */
  isDump(member: string): boolean
  recognise(evidence: Evidence): Recognised | undefined
  /** Where a member lies in the application; undefined for one that is no part of it. Default: where it is. */
  place?(member: string): string | undefined
  /** What such archives never hold and a restore therefore must not remove: gitignore-like patterns. */
  readonly exclude: readonly string[]
  /** Folders whose contents some versions of its program pass over: of one that an archive holds nothing of nothing is removed. */
  readonly mayPassOver?: readonly string[]
  /** Where its archives are laid out otherwise than the application: what to do instead of restoring one in place. */
  readonly notInPlace?: string
  /** Folders that come back although the application's preset neither saves nor replaces what they lie in, with what they are. */
  readonly brings?: Readonly<Record<string, string>>
}

/** A kind whose restore points are several files. */
export interface ForeignSetKind extends ForeignKind {
  /** What the files of one restore point have in common, and which part this one is; undefined for any other name. */
  partOf(fileName: string): { readonly set: string; readonly part: string } | undefined
  /** Where the members of a part lie in the application; undefined for a part that is no archive (a log). */
  readonly parts: Readonly<Record<string, string | undefined>>
}

/** A moment in the local zone, as names of files tell it: year, month, day, hour, minute. */
export function localMoment(parts: readonly (string | undefined)[]): Date | undefined {
  const [year, month, day, hour, minute] = parts.map(Number)
  if (year === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined) return undefined
  const at = new Date(year, month - 1, day, hour, minute)
  // 2024-02-31 is no day.
  return at.getMonth() === month - 1 && at.getDate() === day ? at : undefined
}
