import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { AppError } from '../kit/app-error.ts'

/** One step from a version of the tables to the next; it runs in a transaction. `sql` takes its argument too. */
export type Migration = (database: Pick<Kysely<unknown>, 'schema' | 'getExecutor'>) => Promise<void>

/**
 * Brings a database's tables to the newest version: `migrations[0]` makes version 1 of an empty one. Each step is done whole or
 * not at all, and once, also where two processes begin at the same time. Steps that were published never change.
 *
 * @param what names the database in the message: `The catalog`.
 * @throws AppError `state.newer` where a later version of Holdfast has written it; nothing is changed then.
 */
export async function migrate<Tables>(database: Kysely<Tables>, migrations: readonly Migration[], what: string): Promise<void> {
  await sql`create table if not exists schema_version (version integer primary key)`.execute(database)
  const found = await sql<{ version: number | null }>`select max(version) as version from schema_version`.execute(database)
  const version = found.rows[0]?.version ?? 0
  if (version > migrations.length) {
    throw new AppError('state.newer', `${what} was written by a later version of Holdfast (its tables have version ${version}, this program knows ${migrations.length})`, { hint: 'Start the later version again.' })
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue
    await database.transaction().execute(async (transaction) => {
      // The first statement writes: so it waits for another process's step, and then sees that it is done.
      const claimed = await sql`insert into schema_version (version) values (${index + 1}) on conflict do nothing`.execute(transaction)
      if (claimed.numAffectedRows === 0n) return
      await step(transaction)
    })
  }
}
