import { dialectOf } from './sql-tokens.ts'
import type { SqlDialect } from './sql-tokens.ts'
import type { StatementKind } from './statement-kind.ts'

/** A table or view that a dump creates; `rows` where they can be told exactly. */
type TallyTable = { readonly name: string; readonly kind: 'table' | 'view'; readonly rows?: number }

/** What a dump holds, from its text alone. */
export type DumpSummary = {
  /** The text ends between statements. */
  readonly whole: boolean
  /** The last thing in it is the line `-- Dump completed`, as mysqldump and mariadb-dump end a dump that went well. */
  readonly completed: boolean
  /** From the heading: `10.11.19-MariaDB-0+deb12u1`. */
  readonly serverVersion?: string
  /** Sorted by name. */
  readonly tables: readonly TallyTable[]
  readonly statements: number
  readonly sizeBytes: number
}

// What they show is kept elsewhere; mysqldump writes no rows for them.
const enginesWithoutRows = /^(?:MRG_MYISAM|MERGE|FEDERATED|CONNECT|OQGRAPH|SPIDER|S3|BLACKHOLE|SPHINX)$/i

/** Gathers from a dump's text which tables and views it leaves, and counts their rows as it streams. */
export class DumpTally {
  readonly #tables = new Map<string, { kind: 'table' | 'view' | 'sequence'; rows: number; exact: boolean }>()
  #dialect: SqlDialect = dialectOf('10.11.0-MariaDB')
  #completed = false
  #serverVersion: string | undefined
  #statements = 0
  #insertInto: string | undefined
  #insertExact = true

  comment(text: Buffer): void {
    const line = text.toString('utf8', 0, 300).trim()
    this.#completed = /^-- Dump completed\b/.test(line)
    const version = /^-- Server version\s+(\S+)/.exec(line)?.[1]
    if (version !== undefined && this.#serverVersion === undefined) {
      this.#serverVersion = version
      this.#dialect = dialectOf(version)
    }
  }

  /** A statement as the server reads it; `undefined` for an empty one. */
  statement(kind: StatementKind | undefined): void {
    this.#completed = false
    if (kind === undefined) return
    this.#statements += 1
    const name = kind.names[0]?.name
    if (name === undefined) return
    if (kind.verb === 'CREATE') this.#created(kind, name)
    else if (kind.verb === 'DROP' && /^(?:TABLE|VIEW|SEQUENCE)$/.test(kind.object)) for (const dropped of kind.names) this.#tables.delete(dropped.name)
    else if (kind.verb === 'INSERT' || kind.verb === 'REPLACE') this.#inexact(name)
  }

  /** `kind` of an INSERT or REPLACE whose rows follow. */
  insertHead(kind: StatementKind | undefined, ignoring: boolean): void {
    this.#completed = false
    this.#statements += 1
    this.#insertInto = kind?.names[0]?.name
    this.#insertExact = kind?.verb === 'INSERT' && !ignoring
  }

  insertEnd(rows: number, exact: boolean): void {
    const table = this.#insertInto === undefined ? undefined : this.#tables.get(this.#insertInto)
    this.#insertInto = undefined
    if (table === undefined) return
    table.rows += rows
    if (!exact || !this.#insertExact) table.exact = false
  }

  get dialect(): SqlDialect {
    return this.#dialect
  }

  summary(whole: boolean, sizeBytes: number): DumpSummary {
    const tables: TallyTable[] = []
    for (const [name, { kind, rows, exact }] of this.#tables) {
      if (kind === 'view') tables.push({ name, kind })
      // A sequence is a table for those who list tables, yet its one row is not in the dump as a row.
      else if (kind === 'sequence' || !exact) tables.push({ name, kind: 'table' })
      else tables.push({ name, kind, rows })
    }
    tables.sort((left, right) => (left.name < right.name ? -1 : 1))
    return { whole, completed: whole && this.#completed, ...(this.#serverVersion === undefined ? {} : { serverVersion: this.#serverVersion }), tables, statements: this.#statements, sizeBytes }
  }

  #created(kind: StatementKind, name: string): void {
    if (kind.object === 'TABLE') this.#tables.set(name, { kind: 'table', rows: 0, exact: kind.engine === undefined || !enginesWithoutRows.test(kind.engine) })
    else if (kind.object === 'VIEW') this.#tables.set(name, { kind: 'view', rows: 0, exact: true })
    else if (kind.object === 'SEQUENCE') this.#tables.set(name, { kind: 'sequence', rows: 0, exact: true })
  }

  #inexact(name: string): void {
    const table = this.#tables.get(name)
    if (table !== undefined) table.exact = false
  }
}
