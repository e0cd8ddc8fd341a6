import type { z } from 'zod'
import type { WallClock } from '../../kit/wall-clock.ts'
import type { Moment } from '../../model/hook.ts'
import type { KeepRules } from '../../model/keep-rules.ts'
import type { Format, Remark, Scope, Slot } from '../../model/restore-point.ts'
import type { RunEvent, RunKind } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { mariadbOptionsSchema } from '../databases/mariadb-options.ts'
import type { sqliteOptionsSchema } from '../databases/sqlite-options.ts'
import type { ApplicationFolder } from './application-folder.ts'

/** A database as the application's own configuration names it; a password is a literal text with `$${` for `${`. */
export type FoundDatabase = z.infer<typeof mariadbOptionsSchema> | z.infer<typeof sqliteOptionsSchema>

/** `folder`: where it lies, so that another application may be found that it is saved with. */
export type Missing = Remark & { readonly folder?: string }

/** What the name of a restore point is made from. */
type PointNaming = { readonly app: string; readonly slot: Slot; readonly scope: Scope; readonly at: WallClock }

/** A log file for the application's own users, beside the run's journal: lines are written as events happen. */
interface PresetLog {
  /** True where a file that is there already goes on; else it is written anew. */
  readonly appends?: true
  /** Relative to the root. */
  file(kind: RunKind, at: WallClock): string | undefined
  lines(event: RunEvent, report: RunReport, root: string): readonly string[]
}

/**
 * What Holdfast knows of a kind of application: data, and a few pure functions that parse its files and never run them.
 * docs/how-to/write-a-preset.md shows how one is added. All paths are relative to the root, all patterns
 * gitignore-like and anchored, so that a folder of the same name deeper down is kept.
 */
export interface Preset {
  readonly name: string
  detect(folder: ApplicationFolder): boolean
  /** What is saved; without it everything is. */
  readonly include?: readonly string[]
  /** What must never be saved, and never be touched by a restore, beside the user's own patterns. */
  exclude(folder: ApplicationFolder): readonly string[]
  /** Named parts that a partial restore point may leave out. */
  readonly parts: Readonly<Record<string, readonly string[]>>
  /** Where the first database's dump lies in a restore point; further ones go to `databases/`. */
  readonly dumpName: string
  /** @throws AppError `source.unreadable` where its configuration is there and cannot be understood: a backup without its database would look whole. */
  databases?(folder: ApplicationFolder): readonly FoundDatabase[]
  /** Its containers are found and quiesced though the configuration does not speak of them. */
  readonly containers?: true
  /** What belongs to it and is not saved, as warnings: the restore point then counts as incomplete. */
  missing?(folder: ApplicationFolder): readonly Missing[]
  /** Where its users keep their backups: absolute, or relative to the root. Used where neither configuration nor command line names a place. */
  place?(folder: ApplicationFolder): string
  readonly format?: Format
  /** The rules where the configuration has none. */
  readonly keep?: KeepRules
  /** The name of a restore point without the format's extension; it may lie in folders of the place. */
  pointName?(naming: PointNaming, folder: ApplicationFolder): string
  /** Scripts of the application's users in its root, by the moment at which they run. */
  readonly scripts?: Readonly<Partial<Record<Moment, string>>>
  /** True where a web server gives the root's files to everybody who asks. */
  readonly isServed?: boolean
  /** SQL for the restored database; a failure is a warning. */
  readonly afterImport?: string
  readonly log?: PresetLog
}
