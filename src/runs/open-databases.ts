import { existsSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import type { DatabaseConfig } from '../config/config-schema.ts'
import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError } from '../kit/app-error.ts'
import type { Run } from '../model/run.ts'
import type { Database } from '../sources/databases/database.ts'
import { openMariadb } from '../sources/databases/mariadb-database.ts'
import { knownPreset } from '../sources/presets/detect-preset.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'
import { folderOf, presetOf } from './application.ts'

export type OpenedDatabases = {
  readonly servers: readonly { readonly database: Database; readonly dumpName?: string }[]
  /** SQLite files below the root, by their path in a restore point. */
  readonly sqliteFiles: ReadonlySet<string>
}

/** What the configuration names as an application's databases, else what the application's own configuration says. @throws AppError `source.unreadable`. */
function databasesOf(app: Application, preset: Preset): readonly DatabaseConfig[] {
  return app.config.databases ?? preset.databases?.(folderOf(app)) ?? []
}

/** What is known of a target's databases; `whyUnknown` where its own configuration cannot be understood. */
export type TargetDatabases = { readonly known: readonly DatabaseConfig[]; readonly whyUnknown?: AppError }

/**
 * The same for a restore, whose target may not be there, or be so damaged that only the restore point tells what it was. That its
 * configuration is damaged is no reason not to restore it.
 */
export function databasesAtTarget(app: Application, presetOfPoint: string): TargetDatabases {
  if (!existsSync(app.root)) return { known: app.config.databases ?? [] }
  const found = presetOf(app)
  try {
    return { known: databasesOf(app, found.databases === undefined ? knownPreset(presetOfPoint) ?? found : found) }
  } catch (error) {
    if (error instanceof AppError && error.code === 'source.unreadable') return { known: [], whyUnknown: error }
    throw error
  }
}

/** @throws AppError `config.secret`, `config.invalid`, `source.unreadable`. */
export async function openDatabases(app: Application, preset: Preset, run: Run): Promise<OpenedDatabases> {
  const servers: { database: Database; dumpName?: string }[] = []
  const sqliteFiles = new Set<string>()
  for (const config of databasesOf(app, preset)) {
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
