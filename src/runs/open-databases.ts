import { isAbsolute, relative, resolve } from 'node:path'
import type { DatabaseConfig } from '../config/config-schema.ts'
import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError } from '../kit/app-error.ts'
import type { Run } from '../model/run.ts'
import type { Database } from '../sources/databases/database.ts'
import { openMariadb } from '../sources/databases/mariadb-database.ts'
import type { Application } from './application.ts'

export type OpenedDatabases = {
  readonly servers: readonly { readonly database: Database; readonly dumpName?: string }[]
  /** SQLite files below the root, by their path in a restore point. */
  readonly sqliteFiles: ReadonlySet<string>
}

/** The databases that an application's configuration names. @throws AppError `config.secret`, `config.invalid`. */
export async function openDatabases(app: Application, run: Run): Promise<OpenedDatabases> {
  const servers: { database: Database; dumpName?: string }[] = []
  const sqliteFiles = new Set<string>()
  for (const config of app.config.databases ?? []) {
    if (config.type === 'sqlite') sqliteFiles.add(pathBelow(app.root, config.path))
    else servers.push({ database: await openServerDatabase(config, run.signal), ...(config.dumpName === undefined ? {} : { dumpName: config.dumpName }) })
  }
  return { servers, sqliteFiles }
}

/** A server's database, with its password resolved. */
export async function openServerDatabase(config: Extract<DatabaseConfig, { type: 'mariadb' }>, signal: AbortSignal): Promise<Database> {
  const { password, ...options } = config
  return openMariadb({ ...options, ...(password === undefined ? {} : { password: await resolveSecret(password, signal) }) })
}

function pathBelow(root: string, path: string): string {
  const below = relative(root, resolve(root, path))
  if (below.startsWith('..') || isAbsolute(below)) {
    throw new AppError('config.invalid', `The SQLite database ${path} does not lie below ${root}`, { hint: 'Make the folder that holds it an application of its own.' })
  }
  return below
}
