import { AppError } from '../../kit/app-error.ts'
import { sqlModeSetBy } from './set-statement.ts'

/** What a dump consists of, in its order. Bytes are only valid during the call; lines count from 1. */
export interface SqlVisitor {
  /** A comment between statements, or the sandbox line; one longer than 64 KiB is cut. */
  comment(text: Buffer): void
  /** A `DELIMITER` line of the client programs, without its line end. */
  delimiter(text: Buffer, line: number): void
  /** A whole statement without its delimiter; comments inside it are there. */
  statement(text: Buffer, line: number, backslashEscapes: boolean): void
  /** The beginning of an INSERT or REPLACE up to and with VALUES; what follows goes to `rows`, up to the delimiter. */
  insertHead(text: Buffer, line: number): void
  rows(bytes: Uint8Array): void
  /** `exact` is false where the rows cannot be told from the text alone (ON DUPLICATE KEY …, RETURNING). */
  insertEnd(rows: number, exact: boolean): void
  /** Bytes that a client and a server may read differently. */
  ambiguous(what: string, line: number): void
}

const lineComment = 1
const blockComment = 2
const newline = 10
const doubleQuote = 34
const hash = 35
const singleQuote = 39
const open = 40
const close = 41
const star = 42
const dash = 45
const slash = 47
const backslash = 92
const backtick = 96
const maxStatementBytes = 64 * 1024 * 1024
const maxCommentBytes = 64 * 1024
/** Programs on Windows put it before the text, in UTF-8. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
/** How far behind a parenthesis among rows is looked for a query. */
const queryWindow = 64

/**
 * Splits SQL as the mysql and mariadb client programs do in batch mode (quotes, escapes, comments, conditional
 * comments, DELIMITER; sql_mode's NO_BACKSLASH_ESCAPES and ANSI_QUOTES are followed), and counts rows of INSERT.
 * Rows stream through; other statements are gathered, at most 64 MiB each.
 */
export class SqlSplitter {
  readonly #visitor: SqlVisitor
  /** 1 for each byte that means something outside quotes. */
  readonly #special = new Uint8Array(256)
  #delimiter: Buffer = Buffer.from(';')
  #backslashEscapes = true
  #ansiQuotes = false
  #line = 1
  #atStart = true
  #final = false
  /** Bytes that could not be told without the next chunk. */
  #carry: Buffer = Buffer.alloc(0)
  #inStatement = false
  #statementLine = 1
  /** 0, the quote's byte, or one of the two comments; `#escaped`: the next byte is after a backslash. */
  #quote = 0
  #escaped = false
  #parts: Buffer[] = []
  #partBytes = 0
  #depth = 0
  /** False once it is known that the statement is no INSERT with rows. */
  #mayHaveRows = true
  #streaming = false
  #rows = 0
  #exact = true
  /** What stands between the last row and here, outside rows. */
  #between = ''

  constructor(visitor: SqlVisitor) {
    this.#visitor = visitor
    this.#markSpecial()
  }

  /** @throws AppError `database.import` for a statement of more than 64 MiB; whatever the visitor throws. */
  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#consume(this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]))
  }

  /** True when the text ends between statements; false when it breaks off inside one. */
  end(): boolean {
    this.#final = true
    this.#consume(this.#carry)
    return !this.#inStatement && this.#quote !== blockComment
  }

  #consume(buf: Buffer): void {
    let at = 0
    let from = -1
    while (at !== from && at < buf.length) {
      from = at
      if (this.#inStatement) {
        at = this.#statement(buf, from)
      } else {
        at = this.#gap(buf, from)
        // A statement that begins here moves nothing, yet there is progress.
        if (this.#inStatement) from = -1
      }
      if (from !== -1) this.#line += newlines(buf, from, at)
    }
    this.#carry = at < buf.length ? Buffer.from(buf.subarray(at)) : Buffer.alloc(0)
  }

  /** Between statements: passes one space, comment or client line; stays where it is when more bytes are needed. */
  #gap(buf: Buffer, from: number): number {
    if (this.#quote !== 0) return this.#passComment(buf, from)
    const byte = buf[from] ?? 0
    if (byte <= 32) return from + 1
    if (!this.#final && buf.length - from < 32 && buf.indexOf(newline, from) === -1) return from
    if (this.#atStart) {
      this.#atStart = false
      if (startsWith(buf, from, byteOrderMark)) return from + byteOrderMark.length
    }
    if (startsWith(buf, from, this.#delimiter)) return from + this.#delimiter.length
    if (byte === hash || isDashComment(buf, from)) return this.#gapComment(buf, from, lineComment)
    if (isBlockComment(buf, from) && (!isConditional(buf, from) || isSandbox(buf, from))) return this.#gapComment(buf, from, blockComment)
    if (/^delimiter[ \t]/i.test(buf.toString('latin1', from, from + 10))) return this.#delimiterLine(buf, from)
    this.#begin()
    return from
  }

  #gapComment(buf: Buffer, from: number, kind: number): number {
    const end = commentEnd(buf, kind === blockComment ? from + 2 : from, kind)
    if (end !== -1) {
      this.#visitor.comment(buf.subarray(from, end))
      return end
    }
    if (buf.length - from < maxCommentBytes && !this.#final) return from
    this.#visitor.comment(buf.subarray(from))
    this.#quote = kind
    return buf.length
  }

  #delimiterLine(buf: Buffer, from: number): number {
    const found = buf.indexOf(newline, from)
    if (found === -1 && !this.#final && buf.length - from < maxCommentBytes) return from
    const end = found === -1 ? buf.length : found
    const text = buf.subarray(from, end)
    const word = text.toString('latin1').slice(10).trim().split(/\s/)[0] ?? ''
    if (!/^[!$%&*+,./:;<=>?@^_|~A-Za-z-]{1,16}$/.test(word)) throw new AppError('database.import', `The delimiter in line ${this.#line} is none that dumps use`)
    this.#visitor.delimiter(text, this.#line)
    this.#delimiter = Buffer.from(word, 'latin1')
    this.#markSpecial()
    return end
  }

  #begin(): void {
    this.#inStatement = true
    this.#statementLine = this.#line
    this.#mayHaveRows = true
    this.#streaming = false
    this.#exact = true
    this.#rows = 0
    this.#depth = 0
    this.#between = ''
  }

  /** Inside a statement; gives the place after its delimiter, or how far the bytes could be told. */
  #statement(buf: Buffer, start: number): number {
    const special = this.#special
    let from = start
    let at = start
    // Where the text outside rows began; only used while rows stream.
    let outside = start
    while (at < buf.length) {
      if (this.#quote !== 0) {
        at = this.#quote <= blockComment ? this.#passComment(buf, at) : this.#passQuoted(buf, at)
        if (this.#quote !== 0) break
        continue
      }
      while (at < buf.length && special[buf[at] ?? 0] === 0) at += 1
      if (at >= buf.length) break
      const byte = buf[at] ?? 0
      if (byte === close) {
        if (this.#depth > 0) this.#depth -= 1
        at += 1
        outside = at
        if (this.#depth === 0) this.#between = ''
      } else if (byte === open) {
        if (this.#streaming && !(this.#depth === 0 && this.#isNextRow(buf, outside, at))) {
          if (!this.#final && buf.length - at < queryWindow) break
          if (beginsQuery(buf, at + 1)) this.#visitor.ambiguous('a query among rows', this.#statementLine)
        }
        if (this.#depth === 0) {
          if (this.#streaming) this.#countRow(buf, outside, at)
          else if (this.#mayHaveRows && this.#startsRows(buf, from, at)) from = at
        }
        this.#depth += 1
        at += 1
      } else if (byte === singleQuote || byte === doubleQuote || byte === backtick) {
        this.#quote = byte
        at += 1
      } else {
        if (!this.#final && buf.length - at < Math.max(4, this.#delimiter.length) && !(byte === this.#delimiter[0] && this.#delimiter.length === 1)) break
        if (startsWith(buf, at, this.#delimiter)) {
          if (this.#streaming && this.#depth === 0) this.#between += buf.toString('latin1', outside, at)
          this.#finish(buf.subarray(from, at))
          return at + this.#delimiter.length
        }
        at = this.#specialText(buf, at)
      }
    }
    if (this.#streaming && this.#depth === 0) this.#between = `${this.#between}${buf.toString('latin1', outside, at)}`.slice(0, 256)
    this.#take(buf.subarray(from, at))
    return at
  }

  /** A comment's beginning or a byte that only looks like one. */
  #specialText(buf: Buffer, at: number): number {
    const byte = buf[at] ?? 0
    if (byte === hash || isDashComment(buf, at)) {
      this.#quote = lineComment
      return at + 1
    }
    if (isBlockComment(buf, at)) {
      if (!isConditional(buf, at)) {
        this.#quote = blockComment
        return at + 2
      }
      if (this.#streaming) this.#visitor.ambiguous('a conditional comment among rows', this.#statementLine)
    }
    // \N is NULL, in old dumps.
    if (byte === backslash && buf[at + 1] !== 78) this.#visitor.ambiguous('a backslash outside quotes', this.#statementLine)
    return at + 1
  }

  /** Goes to the comment's end, or to the end of what is known; a `*` at the very end waits for its `/`. */
  #passComment(buf: Buffer, from: number): number {
    const end = commentEnd(buf, from, this.#quote)
    if (end !== -1) {
      this.#quote = 0
      return end
    }
    return this.#quote === blockComment && !this.#final && buf[buf.length - 1] === star ? buf.length - 1 : buf.length
  }

  #passQuoted(buf: Buffer, from: number): number {
    const quote = this.#quote
    const escapes = quote !== backtick && this.#backslashEscapes ? backslash : quote
    const end = buf.length
    let at = from
    if (this.#escaped) {
      this.#escaped = false
      at += 1
    }
    while (at < end) {
      const byte = buf[at]
      if (byte === quote) {
        this.#quote = 0
        return at + 1
      }
      if (byte === escapes) {
        // The client takes it for an escape, a server with ANSI_QUOTES does not.
        if (this.#ansiQuotes && quote === doubleQuote) this.#visitor.ambiguous('a backslash in a quoted name', this.#statementLine)
        at += 1
        this.#escaped = at >= end
      }
      at += 1
    }
    return end
  }

  /** At the first parenthesis: true when rows begin here, and then the head has been told. */
  #startsRows(buf: Buffer, from: number, at: number): boolean {
    const head = Buffer.concat([...this.#parts, buf.subarray(from, at)])
    const text = head.toString('latin1')
    this.#mayHaveRows = text.length < maxCommentBytes && /^(?:insert|replace)\b/i.test(text)
    if (!this.#mayHaveRows || !/[\s)`"]values?\s*$/i.test(text)) return false
    this.#visitor.insertHead(head, this.#statementLine)
    this.#parts = []
    this.#partBytes = 0
    this.#streaming = true
    this.#rows = 1
    return true
  }

  /** At a parenthesis outside rows: the next row, or something of which rows cannot be counted. */
  #countRow(buf: Buffer, outside: number, at: number): void {
    if (this.#isNextRow(buf, outside, at)) this.#rows += 1
    else this.#exact = false
    this.#between = ''
  }

  #isNextRow(buf: Buffer, outside: number, at: number): boolean {
    const plain = this.#between === '' && (at - outside === 1 || at - outside === 2) && buf[outside] === 44
    return plain || /^\s*,\s*$/.test(this.#between + buf.toString('latin1', outside, Math.min(at, outside + 256)))
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#streaming) {
      this.#visitor.rows(bytes)
      return
    }
    this.#partBytes += bytes.length
    if (this.#partBytes > maxStatementBytes) throw new AppError('database.import', `The statement in line ${this.#statementLine} is longer than 64 MiB and holds no rows`, { hint: 'This is no dump of a database, or it is damaged.' })
    this.#parts.push(Buffer.from(bytes))
  }

  #finish(last: Buffer): void {
    this.#inStatement = false
    if (this.#streaming) {
      if (last.length > 0) this.#visitor.rows(last)
      this.#visitor.insertEnd(this.#rows, this.#exact && this.#between.trim() === '')
      return
    }
    const text = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
    this.#parts = []
    this.#partBytes = 0
    this.#visitor.statement(text, this.#statementLine, this.#backslashEscapes)
    this.#followSqlMode(text)
  }

  #followSqlMode(text: Buffer): void {
    if (text.length > 4096) return
    const mode = sqlModeSetBy(text.toString('latin1'))
    if (mode === undefined) return
    this.#backslashEscapes = !mode.includes('NO_BACKSLASH_ESCAPES')
    this.#ansiQuotes = /ANSI|DB2|MAXDB|MSSQL|ORACLE|POSTGRESQL/.test(mode)
  }

  #markSpecial(): void {
    this.#special.fill(0)
    for (const byte of [open, close, singleQuote, doubleQuote, backtick, dash, slash, hash, backslash]) this.#special[byte] = 1
    this.#special[this.#delimiter[0] ?? 0] = 1
  }
}

function commentEnd(buf: Buffer, from: number, kind: number): number {
  if (kind === lineComment) return buf.indexOf(newline, from)
  const end = buf.indexOf('*/', from, 'latin1')
  return end === -1 ? -1 : end + 2
}

function newlines(buf: Buffer, from: number, to: number): number {
  let count = 0
  if (to - from < 32) {
    for (let at = from; at < to; at += 1) if (buf[at] === newline) count += 1
    return count
  }
  const part = buf.subarray(from, to)
  for (let at = part.indexOf(newline); at !== -1; at = part.indexOf(newline, at + 1)) count += 1
  return count
}

function startsWith(buf: Buffer, at: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index += 1) if (buf[at + index] !== word[index]) return false
  return true
}

/** What follows a parenthesis: a query, or what may hide one. */
function beginsQuery(buf: Buffer, from: number): boolean {
  return /^\s*(?:(?:select|with|table|values)\b|\/\*|--|#)|^\s{32}/i.test(buf.toString('latin1', from, from + queryWindow))
}

/** `-- ` with a space, a control character or the end after it; `--1` is arithmetic. */
function isDashComment(buf: Buffer, at: number): boolean {
  return buf[at] === dash && buf[at + 1] === dash && (buf[at + 2] ?? 32) <= 32
}

function isBlockComment(buf: Buffer, at: number): boolean {
  return buf[at] === slash && buf[at + 1] === star
}

/** `/*!` and `/*M!`: servers run what is inside. */
function isConditional(buf: Buffer, at: number): boolean {
  return buf[at + 2] === 33 || (buf[at + 2] === 77 && buf[at + 3] === 33)
}

/** The first line of newer dumps, a command to the client program that has no delimiter. */
function isSandbox(buf: Buffer, at: number): boolean {
  return /^\/\*M?!999999\\-/.test(buf.toString('latin1', at, at + 12))
}
