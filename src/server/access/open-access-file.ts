import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { migrate } from '../../catalog/migrate.ts'
import { sqliteDialect } from '../../catalog/sqlite-dialect.ts'
import { AppError } from '../../kit/app-error.ts'
import { accessMigrations } from './access-migrations.ts'
import type { AccessTables } from './access-tables.ts'

/**
 * Opens access.sqlite in the data folder, which is made where it is missing; its tables are brought to the newest version. It
 * lies apart from the catalog, which may be deleted. Nobody but its owner may read it.
 * @throws AppError `state.denied`, `state.damaged`, `state.newer`, `storage.full`, `storage.failed`, `lock.held`.
 */
export async function openAccessFile(dataFolder: string): Promise<Kysely<AccessTables>> {
  const path = join(dataFolder, 'access.sqlite')
  makeFolder(dataFolder)
  const database = new Kysely<AccessTables>({ dialect: sqliteDialect(path) })
  try {
    await sql`select 1`.execute(database)
    keepPrivate(dataFolder, path)
    await migrate(database, accessMigrations, 'The file of accounts')
  } catch (error) {
    await database.destroy()
    throw error
  }
  return database
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new AppError('state.denied', `The data folder ${path} cannot be made`, { hint: 'Make it, or run as a user who may.', cause })
  }
}

/**
 * Root may use the command line while the server is another user's: what root makes goes to the folder's owner, or the server
 * could not open it. A file that others may read was copied or changed by hand: the rights are taken back.
 */
function keepPrivate(folder: string, path: string): void {
  try {
    const owner = statSync(folder)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const found = lstatSync(file, { throwIfNoEntry: false })
      if (found === undefined || !found.isFile()) continue
      if (process.geteuid?.() === 0 && found.uid !== owner.uid) chownSync(file, owner.uid, owner.gid)
      if ((found.mode & 0o077) !== 0) chmodSync(file, 0o600)
    }
  } catch (cause) {
    throw new AppError('state.denied', `${path} is not private, and cannot be made so`, { hint: 'Run as its owner, or take the rights of others away: chmod 600.', cause })
  }
}
