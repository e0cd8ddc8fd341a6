import { AppError } from '../../kit/app-error.ts'
import type { DumpReader, DumpVerdict } from '../../model/dump-reader.ts'
import { DumpTally } from './dump-tally.ts'
import { isIgnoring } from './scan-dump.ts'
import { SqlSplitter } from './sql-splitter.ts'
import { sqlTokens, unwrapConditional } from './sql-tokens.ts'
import { isWord, statementKind } from './statement-kind.ts'

const newline = 10

/** Judges a dump that another program has written. */
export function openForeignDump(): DumpReader {
  return new ForeignDump()
}

/**
 * Many programs write no closing line, so that whatever a dump opens and must close is followed besides: statements,
 * delimiters, locks, transactions, keys, session variables that are set aside, tables that are dropped to be created.
 * A dump that was cut between two statements while nothing of that was open cannot be told from a whole one.
 */
class ForeignDump implements DumpReader {
  readonly #tally = new DumpTally()
  readonly #open = new OpenMarks()
  readonly #splitter: SqlSplitter
  #sizeBytes = 0
  #lastByte = newline
  /** True while the last that was seen is a comment, which may be cut anywhere. */
  #inComment = false
  #producerCloses = false
  #database: string | undefined
  #refused: string | undefined

  constructor() {
    const tally = this.#tally
    this.#splitter = new SqlSplitter({
      comment: (text) => {
        this.#inComment = true
        this.#heading(text.toString('utf8', 0, 300))
        tally.comment(text)
      },
      delimiter: (text) => this.#open.delimiter(text.toString('latin1').slice(10).trim()),
      statement: (text, _line, backslashEscapes) => {
        this.#inComment = false
        const dialect = { ...tally.dialect, backslashEscapes }
        const plain = unwrapConditional(text.toString('latin1'), dialect)
        const kind = statementKind(plain, dialect)
        tally.statement(kind)
        if (kind !== undefined) this.#open.statement(kind.verb, kind.object, kind.names.map(({ name }) => name), plain, () => sqlTokens(plain, dialect, 200))
      },
      insertHead: (text) => {
        this.#inComment = false
        const head = text.toString('latin1')
        tally.insertHead(statementKind(head, tally.dialect), isIgnoring(head))
      },
      rows: () => undefined,
      insertEnd: (rows, exact) => tally.insertEnd(rows, exact),
      ambiguous: () => undefined,
    })
  }

  write(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length
    this.#lastByte = bytes.at(-1) ?? this.#lastByte
    if (this.#refused !== undefined) return
    try {
      this.#splitter.write(bytes)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#refused = error.message
    }
  }

  end(): DumpVerdict {
    const whole = this.#refused === undefined && this.#splitter.end()
    const summary = this.#tally.summary(whole, this.#sizeBytes)
    const fault = this.#refused ?? this.#faultOf(whole, summary)
    return {
      ...(fault === undefined ? {} : { fault }),
      closed: summary.completed,
      ...(this.#database === undefined ? {} : { database: this.#database }),
      ...(summary.serverVersion === undefined ? {} : { version: summary.serverVersion }),
      tables: [...summary.tables],
      sizeBytes: this.#sizeBytes,
    }
  }

  #faultOf(whole: boolean, summary: { readonly completed: boolean; readonly tables: readonly unknown[] }): string | undefined {
    if (!whole) return 'it breaks off inside a statement'
    if (summary.completed) return undefined
    if (this.#producerCloses) return 'its closing line is missing, which the program that made it writes last'
    if (this.#inComment && this.#lastByte !== newline && this.#lastByte !== 0x2f) return 'it breaks off inside a comment'
    return this.#open.fault() ?? (summary.tables.length === 0 ? 'it creates no table' : undefined)
  }

  #heading(line: string): void {
    if (/^-- (?:MySQL dump|MariaDB dump|mysqldump-php)\b/.test(line)) this.#producerCloses = true
    this.#database ??= /^-- Host: .*?\bDatabase:[ \t]*(\S.*?)\s*$/m.exec(line)?.[1]
  }
}

/** What a dump has opened and not closed. */
class OpenMarks {
  #delimiter = ';'
  #locked = false
  #inTransaction = false
  readonly #dropped = new Set<string>()
  readonly #withoutKeys = new Set<string>()
  readonly #setAside = new Set<string>()

  delimiter(word: string): void {
    this.#delimiter = word
  }

  statement(verb: string, object: string, names: readonly string[], text: string, tokens: () => readonly { readonly kind: 'word' | 'name' | 'text' | 'sign'; readonly value: string; readonly start: number; readonly end: number }[]): void {
    if (verb === 'LOCK' || verb === 'UNLOCK') this.#locked = verb === 'LOCK'
    if (verb === 'START' || verb === 'BEGIN') this.#inTransaction = true
    if (verb === 'COMMIT') this.#inTransaction = false
    if (verb === 'DROP' && (object === 'TABLE' || object === 'VIEW')) for (const name of names) this.#dropped.add(name)
    if (verb === 'CREATE' && (object === 'TABLE' || object === 'VIEW' || object === 'SEQUENCE')) this.#dropped.delete(names[0] ?? '')
    if (verb === 'ALTER' && object === 'TABLE' && tokens().some((token) => isWord(token, 'KEYS'))) {
      if (tokens().some((token) => isWord(token, 'DISABLE'))) this.#withoutKeys.add(names[0] ?? '')
      else this.#withoutKeys.delete(names[0] ?? '')
    }
    if (verb === 'SET') this.#set(text)
  }

  fault(): string | undefined {
    if (this.#delimiter !== ';') return `it ends while its delimiter is still ${this.#delimiter}`
    if (this.#locked) return 'it ends while tables are still locked'
    if (this.#inTransaction) return 'it ends within a transaction'
    const [dropped] = this.#dropped
    if (dropped !== undefined) return `it drops ${dropped} and does not create it again`
    const [withoutKeys] = this.#withoutKeys
    if (withoutKeys !== undefined) return `it ends while the keys of ${withoutKeys} are still disabled`
    const [setAside] = this.#setAside
    if (setAside !== undefined) return `it ends before it sets back ${setAside}, which it had set aside`
    return undefined
  }

  /** `@OLD_X = @@X` is what all of them write, and `X = @OLD_X` at their end. */
  #set(text: string): void {
    for (const [, name = ''] of text.matchAll(/@(OLD_\w+)\s*:?=\s*@@/gi)) this.#setAside.add(name.toUpperCase())
    for (const [, name = ''] of text.matchAll(/=\s*@(OLD_\w+)/gi)) this.#setAside.delete(name.toUpperCase())
  }
}
