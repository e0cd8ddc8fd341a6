import type { TableFacts } from '../databases/database.ts'

/** What a line must be known by; of a longer one the rest is data. */
const keptBytes = 4096
const newline = 10

/** What a dump of pg_dump or pg_dumpall holds, from its text alone. */
export type PostgresSummary = { readonly completed: boolean; readonly tables: readonly TableFacts[]; readonly sizeBytes: number }

/**
 * Reads a plain dump's bytes as they pass: tables and views that it makes, rows of its COPY blocks, and whether its last words
 * are those of a dump that went well. Source: pg_dump's plain format.
 */
export class PostgresDumpScanner {
  readonly #tables = new Map<string, { kind: 'table' | 'view'; rows: number | undefined }>()
  #line = Buffer.alloc(0)
  #sizeBytes = 0
  #completed = false
  /** The table whose rows come, while they come. */
  #copying: { rows: number } | undefined
  /** pg_dump heads each COPY with such a comment; the body of a function hardly has both. */
  #announced = false

  write(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let start = 0
    for (let end = buffer.indexOf(newline); end >= 0; end = buffer.indexOf(newline, start)) {
      if (this.#line.length > 0) {
        this.#keep(buffer, start, end)
        this.#take(this.#line)
        this.#line = Buffer.alloc(0)
      } else {
        this.#take(buffer.subarray(start, Math.min(end, start + keptBytes)))
      }
      start = end + 1
    }
    this.#keep(buffer, start, buffer.length)
  }

  end(): PostgresSummary {
    if (this.#line.length > 0) this.#take(this.#line)
    const tables = [...this.#tables].map(([name, { kind, rows }]): TableFacts => ({ name, kind, ...(rows === undefined ? {} : { rows }) }))
    return { completed: this.#completed && this.#copying === undefined, tables: tables.sort((a, b) => (a.name < b.name ? -1 : 1)), sizeBytes: this.#sizeBytes }
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    const room = keptBytes - this.#line.length
    if (room > 0 && end > start) this.#line = Buffer.concat([this.#line, buffer.subarray(start, Math.min(end, start + room))])
  }

  #take(bytes: Buffer): void {
    if (this.#copying !== undefined) {
      if (bytes.length === 2 && bytes[0] === 0x5c && bytes[1] === 0x2e) this.#copying = undefined
      else this.#copying.rows += 1
      return
    }
    if (bytes.length === 0) return
    const line = bytes.toString('utf8')
    if (/^-- PostgreSQL database (?:cluster )?dump complete$/.test(line)) {
      this.#completed = true
      return
    }
    // What follows the last words: an empty comment, and the end of restricted mode of newer programs.
    if (line === '--' || line.startsWith('\\unrestrict ')) return
    this.#completed = false
    if (line.startsWith('-- Data for Name: ')) {
      this.#announced = line.includes('; Type: TABLE DATA; ')
    } else if (line.startsWith('COPY ') && this.#announced) {
      this.#announced = false
      if (!line.endsWith(' FROM stdin;') && bytes.length < keptBytes) return
      const name = nameAt(line, 5)
      const table = this.#tables.get(name)
      this.#copying = table === undefined ? { rows: 0 } : counting(table)
    } else {
      const made = /^CREATE (?:UNLOGGED |FOREIGN )?(TABLE|VIEW|MATERIALIZED VIEW) /.exec(line)
      if (made === null) return
      const isTable = made[1] === 'TABLE'
      // A foreign table's rows are elsewhere; those of a partitioned one are counted in its parts.
      this.#tables.set(nameAt(line, made[0].length), { kind: isTable ? 'table' : 'view', rows: undefined })
    }
  }
}

function counting(table: { rows: number | undefined }): { rows: number } {
  table.rows = 0
  return table as { rows: number }
}

/** `public.t` is `t`; quotes are undone. */
function nameAt(line: string, at: number): string {
  const parts: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*))(\.?)/uy
  pattern.lastIndex = at
  for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
    parts.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '') break
  }
  return tableName(parts.at(-2) ?? 'public', parts.at(-1) ?? '')
}

export function tableName(schema: string, table: string): string {
  return schema === 'public' ? table : `${schema}.${table}`
}
