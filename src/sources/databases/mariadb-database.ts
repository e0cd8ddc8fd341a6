import type { Database } from './database.ts'
import { queryRows } from './mariadb-client.ts'
import { describeDatabase, isEmpty } from './mariadb-content.ts'
import { mariadbDump } from './mariadb-dump.ts'
import { importDump } from './mariadb-import.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'
import { databaseName } from './mariadb-survey.ts'

/** @throws AppError `config.invalid` where the options name no database. */
export function openMariadb(options: OpenMariadbOptions): Database {
  return {
    engine: 'mariadb',
    name: databaseName(options),
    dump: async (run, place) => await mariadbDump(options, run, place.path),
    restore: async (content, run, facts, trust) => {
      await importDump(options, content, run, facts, trust)
    },
    async execute(sql, run) {
      await queryRows(options, sql, run.signal, databaseName(options))
    },
    describe: async (run) => await describeDatabase(options, run.signal),
    // Routines and events are no tables, and lost all the same.
    holdsNothing: async (run) => await isEmpty(options, run.signal),
  }
}
