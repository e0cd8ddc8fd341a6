import type { Entry } from '../../model/entry.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'

/** Where a dump goes: its path in the restore point, and a folder with room for a copy where the engine needs one. */
type DumpPlace = { readonly path: string; readonly scratch: string }

/** One dump; dispose of it once its entry has been read. */
export interface Dump extends AsyncDisposable {
  readonly entry: Entry
  /** What it holds; known once the entry's content has been read to its end. @throws AppError `internal` before. */
  facts(): DatabaseFacts
}

/** Who made a dump: a restore point of ours, or somebody whose statements are not trusted. */
export type DumpTrust = 'ours' | 'stranger'

export type TableFacts = DatabaseFacts['tables'][number]

/** A database of an application. What is wrong with it is told by `run.warning`: the restore point is then partial. */
export interface Database {
  readonly engine: DatabaseFacts['engine']
  /** The database's name on its server, or the file's absolute path. */
  readonly name: string
  /** @throws AppError `database.unreachable`, `database.dump`, `process.missing`. The entry's stream throws the same. */
  dump(run: Run, place: DumpPlace): Promise<Dump>
  /**
   * Makes the database what the dump holds; all that was in it is dropped first. Can be repeated after a failure.
   * With facts the result is compared with them. @throws AppError `database.import`, `database.unreachable`.
   */
  restore(content: AsyncIterable<Uint8Array>, run: Run, facts?: DatabaseFacts, trust?: DumpTrust): Promise<void>
  /** Runs statements in the database. @throws AppError `database.client`, `database.unreachable`. */
  execute(sql: string, run: Run): Promise<void>
  /** Tables and views as they are now, with rows counted exactly, sorted by name; none where there is no database. */
  describe(run: Run): Promise<readonly TableFacts[]>
  /** Whether nothing is in it, or it is not there; where this is missing, `describe` tells all that it may hold. */
  holdsNothing?(run: Run): Promise<boolean>
}
