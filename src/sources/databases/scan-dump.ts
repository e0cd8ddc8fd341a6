import { DumpTally } from './dump-tally.ts'
import type { DumpSummary } from './dump-tally.ts'
import { setStatementFault } from './set-statement.ts'
import { SqlSplitter } from './sql-splitter.ts'
import { unwrapConditional } from './sql-tokens.ts'
import { statementKind } from './statement-kind.ts'

/** Reads a dump's bytes as they pass and tells at the end what it held. */
export class DumpScanner {
  readonly #tally = new DumpTally()
  readonly #splitter: SqlSplitter
  #sizeBytes = 0
  #isTreacherous = false

  constructor() {
    const tally = this.#tally
    this.#splitter = new SqlSplitter({
      comment: (text) => tally.comment(text),
      delimiter: () => undefined,
      statement: (text, _line, backslashEscapes) => {
        const dialect = { ...tally.dialect, backslashEscapes }
        const raw = text.toString('latin1')
        const unwrapped = unwrapConditional(raw, dialect)
        const kind = statementKind(unwrapped, dialect)
        tally.statement(kind)
        if (kind?.verb === 'SET' && setStatementFault(unwrapped, raw, dialect) === 'charset') this.#isTreacherous = true
      },
      insertHead: (text) => {
        const head = text.toString('latin1')
        tally.insertHead(statementKind(head, tally.dialect), isIgnoring(head))
      },
      rows: () => undefined,
      insertEnd: (rows, exact) => tally.insertEnd(rows, exact),
      ambiguous: () => undefined,
    })
  }

  /** True once a part of it was in a character set whose dumps are not imported. */
  get isTreacherous(): boolean {
    return this.#isTreacherous
  }

  /** @throws AppError `database.import` for text that is no dump: a statement of more than 64 MiB without rows. */
  write(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length
    this.#splitter.write(bytes)
  }

  /** Call once, after the last byte. */
  end(): DumpSummary {
    return this.#tally.summary(this.#splitter.end(), this.#sizeBytes)
  }
}

/** INSERT IGNORE: rows that are there already are passed over, so that the text does not tell how many there will be. */
export function isIgnoring(insertHead: string): boolean {
  return /^insert\s+(?:\w+\s+)*ignore\b/i.test(insertHead)
}
