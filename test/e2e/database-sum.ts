import { createHash } from 'node:crypto'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { program } from './program.ts'

/**
 * A hash of all that a database holds: definitions, every row, views, triggers, routines and events, as the vendor's own
 * program prints them in the order of the keys. One process where `checksumTables` needs many.
 */
export async function databaseSum(server: MariadbServer, database: string, options: { readonly withoutDefiners?: boolean } = {}): Promise<string> {
  const { stdout } = await program('mariadb-dump', 'mariadb-client', [
    '--no-defaults', '--user=root', `--socket=${server.socket}`, '--default-character-set=utf8mb4', '--skip-comments', '--skip-extended-insert', '--order-by-primary',
    '--hex-blob', '--routines', '--events', '--triggers', '--', database,
  ])
  const text = options.withoutDefiners === true ? stdout.replaceAll(/DEFINER=`[^`]*`@`[^`]*`/g, '') : stdout
  return `${text.split('\n').length} lines ${createHash('sha256').update(text).digest('hex')}`
}
