import { AppError } from '../../kit/app-error.ts'

/** A dump, as far as whoever imports it must tell its parts apart; in the order of the dump. */
export type PostgresPart =
  /** Without its semicolon. */
  | { readonly kind: 'statement'; readonly text: Buffer }
  /** `COPY … FROM stdin`; its rows follow. */
  | { readonly kind: 'copy'; readonly text: Buffer }
  /** Whole and partial lines as they stand; `ended` of them end here. */
  | { readonly kind: 'rows'; readonly bytes: Buffer; readonly ended: number }
  | { readonly kind: 'rows-end' }
  /** What comes then goes into this database. */
  | { readonly kind: 'connect'; readonly database: string }

type State = 'sql' | 'line-comment' | 'block-comment' | 'plain-text' | 'escaped-text' | 'text-end' | 'name' | 'dollar-tag' | 'dollar-text' | 'meta' | 'before-rows' | 'rows'

const largestStatementBytes = 128 * 1024 * 1024
const longestMeta = 4096
const longestWord = 32

const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x27
const doubleQuote = 0x22
const dollar = 0x24
const backslash = 0x5c
const dash = 0x2d
const slash = 0x2f
const star = 0x2a
const dot = 0x2e
const semicolon = 0x3b
const openParenthesis = 0x28
const closeParenthesis = 0x29

const name = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)`
/** As pg_dump writes it; its bytes are read as latin1. */
const copyFromInput = new RegExp(`^COPY (?:${name}\\.)?${name} (?:\\(${name}(?:, ${name})*\\) )?FROM stdin$`)

/**
 * Splits what pg_dump and pg_dumpall write in plain format into statements and rows, and refuses what they never write: the
 * commands of the client psql, which run programs and read and write files (`\!`, `\copy`, `\o`, `\i`, …), wherever they stand. Of
 * these `\connect` alone is given on; `\restrict` and `\unrestrict`, which newer programs write for psql's own protection, and the
 * `\encoding SQL_ASCII` before the name of a database are left out.
 * Source: PostgreSQL's src/fe_utils/psqlscan.l, and the pages of pg_dump and psql.
 *
 * Where a statement ends is a judgement on text. Nobody's safety may rest on it: see `psqlScript`.
 */
export class PostgresDumpSplitter {
  #state: State = 'sql'
  #carry: Buffer = Buffer.alloc(0)
  #parts: PostgresPart[] = []
  #line = 1
  /** Nothing but the line's end was before. */
  #atLineStart = true

  #pieces: Buffer[] = []
  #pieceBytes = 0
  /** Where in the present bytes the statement, the command or the rows begin; −1 outside. */
  #from = -1
  #parentheses = 0
  /** Depth of `BEGIN ATOMIC … END` and the CASE … END in it, whose semicolons end no statement. */
  #blocks = 0
  /** The first words of the statement, and the last one. */
  #words: string[] = []
  #word = ''
  #lastWord = ''
  #commentDepth = 0
  #textBefore: 'plain-text' | 'escaped-text' = 'plain-text'
  #standardStrings = true
  #dollarTag = ''
  /** What stands since the last dollar sign of a dollar-quoted text; undefined where that begins no tag. */
  #since: string | undefined
  #rowsEnded = 0

  /** The parts that end with these bytes. @throws AppError `database.unsafe`. */
  write(bytes: Uint8Array): readonly PostgresPart[] {
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#read(this.#carry.length === 0 ? given : Buffer.concat([this.#carry, given]), false)
  }

  /** The last parts; `whole` is false where the dump breaks off inside a statement, a text or rows. */
  end(): { readonly parts: readonly PostgresPart[]; readonly whole: boolean } {
    const parts = [...this.#read(this.#carry, true)]
    return { parts, whole: this.#state === 'sql' && this.#from < 0 && this.#pieceBytes === 0 }
  }

  #read(buffer: Buffer, isLast: boolean): readonly PostgresPart[] {
    this.#carry = Buffer.alloc(0)
    this.#parts = []
    if (buffer.includes(0)) throw this.#unsafe('a zero byte, which no text of PostgreSQL holds')
    let at = 0
    // What was begun goes on from the first byte.
    this.#from = this.#pieceBytes > 0 || this.#state === 'rows' || this.#state === 'meta' ? 0 : -1
    while (at < buffer.length) {
      const next = this.#step(buffer, at, isLast)
      if (next < 0) {
        this.#carry = Buffer.from(buffer.subarray(at))
        break
      }
      at = next
    }
    this.#keep(buffer, at)
    return this.#parts
  }

  /** Reads on from a place, and gives the next one; −1 where what follows must be known first. */
  #step(buffer: Buffer, at: number, isLast: boolean): number {
    switch (this.#state) {
      case 'sql': return this.#sql(buffer, at, isLast)
      case 'line-comment': return this.#lineComment(buffer, at)
      case 'block-comment': return this.#blockComment(buffer, at, isLast)
      case 'plain-text': return this.#until(buffer, at, quote, () => this.#endText('plain-text'))
      case 'escaped-text': return this.#escapedText(buffer, at, isLast)
      case 'text-end': return this.#textEnd(buffer, at)
      case 'name': return this.#until(buffer, at, doubleQuote, () => { this.#state = 'sql' })
      case 'dollar-tag': return this.#tag(buffer, at)
      case 'dollar-text': return this.#dollarText(buffer, at)
      case 'meta': return this.#meta(buffer, at)
      case 'before-rows': return this.#beforeRows(buffer, at)
      case 'rows': return this.#rows(buffer, at, isLast)
    }
  }

  #sql(buffer: Buffer, at: number, isLast: boolean): number {
    const byte = buffer[at] ?? 0
    if (isWordByte(byte) || (byte === dollar && this.#word !== '')) {
      this.#begin(at)
      if (this.#word.length < longestWord) this.#word += String.fromCharCode(byte)
      return at + 1
    }
    const prefix = this.#word
    this.#endWord()
    if (byte === newline || byte === carriageReturn || byte === 0x20 || byte === 0x09 || byte === 0x0c) {
      if (byte === newline) this.#line++
      this.#atLineStart = byte === newline
      return at + 1
    }
    if (byte === dash || byte === slash) {
      if (at + 1 === buffer.length && !isLast) return -1
      if (byte === dash && buffer[at + 1] === dash) {
        this.#state = 'line-comment'
        return at + 2
      }
      if (byte === slash && buffer[at + 1] === star) {
        this.#state = 'block-comment'
        this.#commentDepth = 1
        return at + 2
      }
    }
    if (byte === backslash) {
      if (this.#from >= 0 || !this.#atLineStart) throw this.#unsafe('a backslash outside of any text, which is a command of the client psql')
      this.#state = 'meta'
      this.#from = at
      return at + 1
    }
    this.#begin(at)
    switch (byte) {
      case quote:
        this.#state = isEscaped(prefix.toLowerCase(), this.#standardStrings) ? 'escaped-text' : 'plain-text'
        break
      case doubleQuote:
        this.#state = 'name'
        break
      case dollar:
        this.#state = 'dollar-tag'
        this.#dollarTag = ''
        break
      case openParenthesis:
        this.#parentheses++
        break
      case closeParenthesis:
        this.#parentheses = Math.max(0, this.#parentheses - 1)
        break
      case semicolon:
        if (this.#parentheses === 0 && this.#blocks === 0) this.#endStatement(buffer, at)
        break
      default:
    }
    return at + 1
  }

  #begin(at: number): void {
    this.#atLineStart = false
    if (this.#from < 0) this.#from = at
  }

  #endWord(): void {
    if (this.#word === '') return
    const word = this.#word.toLowerCase()
    this.#word = ''
    if (this.#words.length < 4) this.#words.push(word)
    if (/^create (?:or replace )?(?:function|procedure)\b/.test(this.#words.join(' '))) {
      if (this.#blocks === 0) {
        if (word === 'atomic' && this.#lastWord === 'begin' && this.#parentheses === 0) this.#blocks = 1
      } else if (word === 'case') {
        this.#blocks++
      } else if (word === 'end') {
        this.#blocks--
      }
    }
    this.#lastWord = word
  }

  #endStatement(buffer: Buffer, at: number): void {
    const text = this.#taken(buffer, at)
    const [first] = this.#words
    this.#words = []
    this.#lastWord = ''
    if (text.length === 0) return
    if (first !== 'copy') {
      const setting = /^SET standard_conforming_strings = '?(on|off)'?$/.exec(text.length > 100 ? '' : text.toString('latin1'))
      if (setting !== null) this.#standardStrings = setting[1] === 'on'
      this.#parts.push({ kind: 'statement', text })
      return
    }
    if (!copyFromInput.test(text.toString('latin1'))) throw this.#unsafe('a COPY that is none of rows in the dump itself')
    this.#parts.push({ kind: 'copy', text })
    this.#state = 'before-rows'
  }

  #lineComment(buffer: Buffer, at: number): number {
    for (let end = at; end < buffer.length; end++) {
      if (buffer[end] !== newline && buffer[end] !== carriageReturn) continue
      this.#state = 'sql'
      return end
    }
    return buffer.length
  }

  #blockComment(buffer: Buffer, at: number, isLast: boolean): number {
    const byte = buffer[at]
    if (byte === newline) this.#line++
    if (byte !== slash && byte !== star) return at + 1
    if (at + 1 === buffer.length) return isLast ? at + 1 : -1
    if (byte === slash && buffer[at + 1] === star) this.#commentDepth++
    else if (byte === star && buffer[at + 1] === slash) this.#commentDepth--
    else return at + 1
    if (this.#commentDepth === 0) this.#state = 'sql'
    this.#atLineStart = false
    return at + 2
  }

  #escapedText(buffer: Buffer, at: number, isLast: boolean): number {
    const byte = buffer[at]
    if (byte === newline) this.#line++
    if (byte === quote) this.#endText('escaped-text')
    if (byte !== backslash) return at + 1
    if (at + 1 === buffer.length) return isLast ? at + 1 : -1
    if (buffer[at + 1] === newline) this.#line++
    return at + 2
  }

  #endText(kind: 'plain-text' | 'escaped-text'): void {
    this.#textBefore = kind
    this.#state = 'text-end'
  }

  /** Two quotes stand for one. */
  #textEnd(buffer: Buffer, at: number): number {
    if (buffer[at] === quote) {
      this.#state = this.#textBefore
      return at + 1
    }
    this.#state = 'sql'
    return at
  }

  #until(buffer: Buffer, at: number, wanted: number, found: () => void): number {
    const end = buffer.indexOf(wanted, at)
    this.#countLines(buffer, at, end < 0 ? buffer.length : end)
    if (end < 0) return buffer.length
    found()
    return end + 1
  }

  #tag(buffer: Buffer, at: number): number {
    const byte = buffer[at] ?? 0
    if (byte === dollar) {
      this.#state = 'dollar-text'
      this.#since = undefined
      return at + 1
    }
    if (isWordByte(byte) && !(this.#dollarTag === '' && isDigit(byte))) {
      this.#dollarTag += String.fromCharCode(byte)
      if (this.#dollarTag.length > longestMeta) throw this.#unsafe('a dollar sign before a word without end')
      return at + 1
    }
    // A parameter, `$1`, or nothing that is valid.
    this.#state = 'sql'
    return at
  }

  #dollarText(buffer: Buffer, at: number): number {
    const byte = buffer[at] ?? 0
    if (byte === dollar) {
      if (this.#since === this.#dollarTag) {
        this.#state = 'sql'
        this.#since = undefined
      } else {
        this.#since = ''
      }
      return at + 1
    }
    if (this.#since !== undefined) {
      this.#since = isWordByte(byte) && this.#since.length < this.#dollarTag.length ? this.#since + String.fromCharCode(byte) : undefined
      if (byte === newline) this.#line++
      return at + 1
    }
    const end = buffer.indexOf(dollar, at)
    this.#countLines(buffer, at, end < 0 ? buffer.length : end)
    return end < 0 ? buffer.length : end
  }

  #meta(buffer: Buffer, at: number): number {
    const end = buffer.indexOf(newline, at)
    if ((end < 0 ? buffer.length : end) - this.#from + this.#pieceBytes > longestMeta) throw this.#unsafe('a command of the client psql')
    if (end < 0) return buffer.length
    this.#command(this.#taken(buffer, end).toString('utf8').trimEnd())
    this.#state = 'sql'
    return end
  }

  #command(line: string): void {
    if (/^\\(?:(?:un)?restrict [A-Za-z0-9]+|encoding SQL_ASCII)$/.test(line)) return
    const database = connectedTo(line)
    if (database === undefined) throw this.#unsafe('a command of the client psql')
    this.#parts.push({ kind: 'connect', database })
  }

  /** psql takes what is left of the line as SQL, and the rows from the next one on. */
  #beforeRows(buffer: Buffer, at: number): number {
    const byte = buffer[at]
    if (byte === carriageReturn) return at + 1
    if (byte !== newline) throw this.#unsafe('something between a COPY and its rows')
    this.#line++
    this.#state = 'rows'
    this.#from = at + 1
    this.#rowsEnded = 0
    this.#atLineStart = true
    return at + 1
  }

  #rows(buffer: Buffer, at: number, isLast: boolean): number {
    if (this.#atLineStart && buffer[at] === backslash) {
      const left = buffer.length - at
      if (left < 2 && !isLast) return -1
      if (buffer[at + 1] === dot) {
        const end = buffer[at + 2] === carriageReturn ? at + 3 : at + 2
        if (end >= buffer.length && !isLast) return -1
        if (end < buffer.length && buffer[end] !== newline) throw this.#unsafe('a row that begins as the end of all rows does')
        this.#giveRows(buffer, at)
        this.#parts.push({ kind: 'rows-end' })
        this.#from = -1
        this.#state = 'sql'
        return end
      }
    }
    const end = buffer.indexOf(newline, at)
    this.#atLineStart = end >= 0
    if (end < 0) return buffer.length
    this.#line++
    this.#rowsEnded++
    return end + 1
  }

  #giveRows(buffer: Buffer, to: number): void {
    if (this.#from >= 0 && to > this.#from) this.#parts.push({ kind: 'rows', bytes: buffer.subarray(this.#from, to), ended: this.#rowsEnded })
    this.#rowsEnded = 0
  }

  /** What is begun and does not end with these bytes; rows are given on. */
  #keep(buffer: Buffer, to: number): void {
    if (this.#state === 'rows') {
      this.#giveRows(buffer, to)
    } else if (this.#from >= 0 && to > this.#from) {
      // The bytes are the caller's.
      this.#pieces.push(Buffer.from(buffer.subarray(this.#from, to)))
      this.#pieceBytes += to - this.#from
      if (this.#pieceBytes > largestStatementBytes) throw this.#unsafe('a statement without end')
    }
  }

  #taken(buffer: Buffer, to: number): Buffer {
    const text = Buffer.concat([...this.#pieces, buffer.subarray(Math.max(0, this.#from), to)])
    this.#pieces = []
    this.#pieceBytes = 0
    this.#from = -1
    return text
  }

  #countLines(buffer: Buffer, from: number, to: number): void {
    for (let at = buffer.indexOf(newline, from); at >= 0 && at < to; at = buffer.indexOf(newline, at + 1)) this.#line++
  }

  #unsafe(what: string): AppError {
    return new AppError('database.unsafe', `Line ${this.#line} of the dump holds ${what}; no dump program writes that`, { hint: 'Nothing was imported. Do not trust this dump: see where it comes from, and take another restore point.' })
  }
}

/** Whether backslashes escape in a text with this before its first quote; in bit strings (`b`, `x`) there are none. */
function isEscaped(prefix: string, standardStrings: boolean): boolean {
  return prefix === 'e' || (!standardStrings && prefix !== 'b' && prefix !== 'x')
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** Of a word or a number. */
function isWordByte(byte: number): boolean {
  return byte >= 0x80 || byte === 0x5f || isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

/** The database of a `\connect` as pg_dump writes it, which names nothing but the database; undefined for any other. */
function connectedTo(line: string): string | undefined {
  const [, reuses, bare, quoted] = /^\\connect (-reuse-previous=on )?(?:([A-Za-z0-9_.]+)|"((?:[^"]|"")+)")$/.exec(line) ?? []
  const given = bare ?? quoted?.replaceAll('""', '"')
  if (given === undefined || reuses === undefined) return given
  const [, text, plain] = /^dbname=(?:'((?:[^'\\]|\\['\\])*)'|([A-Za-z0-9_.]+))$/.exec(given) ?? []
  return plain ?? text?.replaceAll(/\\(['\\])/g, '$1')
}
