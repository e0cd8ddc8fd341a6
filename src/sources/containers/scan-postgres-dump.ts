import { AppError } from '../../kit/app-error.ts'
import type { TableFacts } from '../databases/database.ts'
import type { PostgresPart } from './split-postgres-dump.ts'
import { PostgresDumpSplitter } from './split-postgres-dump.ts'

/** Of a statement so much tells what it makes. */
const headBytes = 4096
/** The last words, and the end of restricted mode after them. */
const tailBytes = 1024
const lastWords = /(?:^|\n)-- PostgreSQL database (?:cluster )?dump complete\n(?:--\n|\\unrestrict [A-Za-z0-9]+\n|\n)*$/

/** What a dump of pg_dump or pg_dumpall holds, from its text alone. */
export type PostgresSummary = {
  readonly completed: boolean
  readonly tables: readonly TableFacts[]
  readonly sizeBytes: number
  /** `database.unsafe`: why it would not be imported; tables are then known up to there only. */
  readonly refused?: AppError
  /** The databases that it says to go into. */
  readonly connects: readonly string[]
}

/**
 * Reads a plain dump's bytes as they pass: tables and views that it makes, rows of its COPY blocks, whether its last words
 * are those of a dump that went well, and whether it may be imported. Source: pg_dump's plain format.
 */
export class PostgresDumpScanner {
  readonly #splitter = new PostgresDumpSplitter()
  readonly #tables = new Map<string, { kind: 'table' | 'view'; rows: number | undefined }>()
  /** The table whose rows come. */
  #copying: { rows: number | undefined } | undefined
  #sizeBytes = 0
  #tail: Buffer = Buffer.alloc(0)
  #refused: AppError | undefined
  readonly #connects = new Set<string>()

  /** As `refused` of the summary, so far. */
  get refused(): AppError | undefined {
    return this.#refused
  }

  /** Gives the parts that end with these bytes; none once something was refused. */
  write(bytes: Uint8Array): readonly PostgresPart[] {
    this.#sizeBytes += bytes.length
    this.#tail = bytes.length >= tailBytes ? Buffer.from(bytes.subarray(-tailBytes)) : Buffer.concat([this.#tail, bytes]).subarray(-tailBytes)
    return this.#unlessRefused(() => this.#splitter.write(bytes))
  }

  /** With the last parts. */
  end(): PostgresSummary & { readonly parts: readonly PostgresPart[] } {
    let whole = true
    const parts = this.#unlessRefused(() => {
      const ended = this.#splitter.end()
      whole = ended.whole
      return ended.parts
    })
    const tables = [...this.#tables].map(([name, { kind, rows }]): TableFacts => ({ name, kind, ...(rows === undefined ? {} : { rows }) }))
    return {
      completed: whole && lastWords.test(this.#tail.toString('latin1')),
      tables: tables.sort((a, b) => (a.name < b.name ? -1 : 1)),
      sizeBytes: this.#sizeBytes,
      connects: [...this.#connects],
      parts,
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
    }
  }

  #unlessRefused(split: () => readonly PostgresPart[]): readonly PostgresPart[] {
    if (this.#refused !== undefined) return []
    try {
      const parts = split()
      this.#take(parts)
      return parts
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'database.unsafe') throw error
      this.#refused = error
      return []
    }
  }

  #take(parts: readonly PostgresPart[]): void {
    for (const part of parts) {
      if (part.kind === 'statement') this.#statement(part.text.toString('utf8', 0, headBytes))
      else if (part.kind === 'copy') this.#copying = this.#tableOf(nameAt(part.text.toString('utf8', 0, headBytes), 'COPY '.length))
      else if (part.kind === 'rows' && this.#copying?.rows !== undefined) this.#copying.rows += part.ended
      else if (part.kind === 'connect') this.#connects.add(part.database)
    }
  }

  #statement(text: string): void {
    const made = /^CREATE (?:UNLOGGED |FOREIGN )?(TABLE|VIEW|MATERIALIZED VIEW) /.exec(text)
    if (made === null) return
    // A foreign table's rows are elsewhere; those of a partitioned one are counted in its parts.
    this.#tables.set(nameAt(text, made[0].length), { kind: made[1] === 'TABLE' ? 'table' : 'view', rows: undefined })
  }

  #tableOf(name: string): { rows: number | undefined } | undefined {
    const table = this.#tables.get(name)
    if (table !== undefined) table.rows = 0
    return table
  }
}

/** `public.t` is `t`; quotes are undone. */
function nameAt(text: string, at: number): string {
  const parts: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*))(\.?)/uy
  pattern.lastIndex = at
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    parts.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '') break
  }
  return tableName(parts.at(-2) ?? 'public', parts.at(-1) ?? '')
}

export function tableName(schema: string, table: string): string {
  return schema === 'public' ? table : `${schema}.${table}`
}
