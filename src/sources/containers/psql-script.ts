import { AppError } from '../../kit/app-error.ts'
import { connectionTo } from './postgres-client.ts'
import type { PostgresSummary } from './scan-postgres-dump.ts'
import { PostgresDumpScanner } from './scan-postgres-dump.ts'
import type { PostgresPart } from './split-postgres-dump.ts'

/** Where the dump of a server's roles may say that it goes; they belong to no database. */
const homeless: ReadonlySet<string> = new Set(['postgres', 'template1'])

/**
 * A dump as a script for psql in which psql reads not one word of the dump's own: each statement comes as hexadecimal digits,
 * which the server turns into text and psql sends back to it unread (`\gexec`, since PostgreSQL 9.6). So nothing that a
 * dump holds can be a command of psql's, however psql, an encoding or a setting would read it. Rows follow their COPY as they are: the
 * server has asked for them, and psql looks for their end alone, as we do.
 *
 * `database`: the one that the dump is of; undefined for a server's roles. It ends normally only where the dump is whole.
 * @throws AppError `database.unsafe`, `database.import`.
 */
export async function* psqlScript(content: AsyncIterable<Uint8Array>, database: string | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = new PostgresDumpScanner()
  for await (const bytes of content) {
    for (const part of scanner.write(bytes)) yield* linesOf(part, database)
    if (scanner.refused !== undefined) throw scanner.refused
  }
  const { parts, ...summary } = scanner.end()
  for (const part of parts) yield* linesOf(part, database)
  if (summary.refused !== undefined) throw summary.refused
  if (!summary.completed) throw new AppError('database.import', 'What was imported is no whole dump: it breaks off', { hint: 'Take another restore point.' })
}

/**
 * Reads a dump to its end, and refuses before anything is touched what `psqlScript` would refuse on the way.
 * @throws AppError `database.unsafe`; `archive.damaged` where it breaks off.
 */
export async function refuseUnsafeDump(content: AsyncIterable<Uint8Array>, database: string | undefined): Promise<void> {
  const scanner = new PostgresDumpScanner()
  for await (const bytes of content) {
    scanner.write(bytes)
    if (scanner.refused !== undefined) throw scanner.refused
  }
  const summary: PostgresSummary = scanner.end()
  if (summary.refused !== undefined) throw summary.refused
  for (const other of summary.connects) refuseElsewhere(other, database)
  if (!summary.completed) throw new AppError('archive.damaged', `The dump of ${database ?? 'the roles'} breaks off`, { hint: 'Nothing was changed. Take another restore point; "--only files" restores the files of this one.' })
}

function* linesOf(part: PostgresPart, database: string | undefined): Generator<Uint8Array, void, undefined> {
  switch (part.kind) {
    case 'statement':
    case 'copy':
      yield Buffer.from(`SELECT pg_catalog.convert_from(pg_catalog.decode('${part.text.toString('hex')}', 'hex'), pg_catalog.current_setting('client_encoding')::pg_catalog.name) \\gexec\n`)
      break
    case 'rows':
      yield part.bytes
      break
    case 'rows-end':
      yield Buffer.from('\\.\n')
      break
    case 'connect':
      refuseElsewhere(part.database, database)
      if (database !== undefined) yield Buffer.from(`\\connect -reuse-previous=on "${connectionTo(database).replaceAll('"', '""')}"\n`)
  }
}

/** What is imported goes into the database that is restored, and no password to any other server. */
function refuseElsewhere(wanted: string, database: string | undefined): void {
  // Another encoding's name cannot be compared; whatever it says, psql is given ours.
  if (database === undefined ? homeless.has(wanted) : (wanted === database || wanted.includes('\ufffd')) && !/[\r\n]/.test(database)) return
  throw new AppError('database.unsafe', `The dump of ${database ?? 'the roles'} changes over to the database ${wanted}`, { hint: 'Nothing was imported. Do not trust this dump: see where it comes from, and take another restore point.' })
}
