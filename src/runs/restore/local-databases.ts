import type { DatabaseConfig } from '../../config/config-schema.ts'

const here: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * The databases of this machine among those that a configuration out of an archive names. An archive may name any host, and
 * whatever password the environment holds would go there.
 */
export function localDatabases(databases: readonly DatabaseConfig[]): readonly DatabaseConfig[] {
  return databases.filter((database) => database.type !== 'mariadb' || database.host === undefined || here.has(database.host))
}
