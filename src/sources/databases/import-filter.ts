import { AppError } from '../../kit/app-error.ts'
import { DumpTally } from './dump-tally.ts'
import type { DumpSummary } from './dump-tally.ts'
import { sqlName } from './mariadb-client.ts'
import { isIgnoring } from './scan-dump.ts'
import { makesStatements, otherDatabaseIn, tableOfTrigger } from './other-databases.ts'
import { setStatementFault } from './set-statement.ts'
import { SqlSplitter } from './sql-splitter.ts'
import type { SqlVisitor } from './sql-splitter.ts'
import { sqlTokens, unwrapConditional } from './sql-tokens.ts'
import type { SqlDialect } from './sql-tokens.ts'
import { isWord, statementKind } from './statement-kind.ts'
import type { QualifiedName, StatementKind } from './statement-kind.ts'

export type ImportRules = {
  /** The only database that statements may name. */
  readonly database: string
  readonly dialect: SqlDialect
  /** Other databases of the server, in lower case, that nothing in a dump of a stranger may name; absent for a dump of ours, whose views and triggers may. */
  readonly others?: ReadonlySet<string>
  /** Whether the server takes names of tables that differ by case alone for one. */
  readonly foldsCase: boolean
  /** Tells whether a DEFINER can stay; otherwise the importing user becomes the definer. */
  keepsDefiner(account: string): boolean
}

/** What was changed on the way, for notes: accounts with how many objects they defined, and statements that were left out. */
export type FilterNotes = { readonly definers: ReadonlyMap<string, number>; readonly leftOut: readonly string[] }

/** As mysqldump writes it for servers with GTIDs: it needs a right that few users have, and an import is to be in the binary log. */
const aboutBinaryLog = /^\s*SET\s+(?:@MYSQLDUMP_TEMP_LOG_BIN\s*=\s*@@SESSION\.SQL_LOG_BIN|@@SESSION\.SQL_LOG_BIN\s*=\s*(?:0|@MYSQLDUMP_TEMP_LOG_BIN))\s*$/i
const trusting = 'If you trust this dump, restore it with --trust.'
const creatable = /^(?:TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|PACKAGE)$/

/**
 * Lets through what dumps of one database consist of, and nothing else. Conditional comments are resolved first, so
 * that the server reads exactly what was judged; statements that name another database, that concern the whole server,
 * or that dumps do not contain are refused before they are sent. `USE`, CREATE and DROP DATABASE and LOCK TABLES are
 * left out: the client is connected to the one database already. Line numbers stay what they are in the dump.
 *
 * Nothing that a dump has made may run while it is imported: rows come before the triggers of their table, as all dump programs
 * write them, and never out of a query.
 */
export class ImportFilter implements SqlVisitor {
  readonly #rules: ImportRules
  readonly #tally = new DumpTally()
  readonly #splitter: SqlSplitter
  readonly #definers = new Map<string, number>()
  readonly #leftOut: string[] = []
  readonly #withTriggers = new Set<string>()
  readonly #views = new Set<string>()
  #makesStatements = false
  #hasEvents = false
  #out: Uint8Array[] = []
  #outLine = 1
  #delimiter = ';'
  #home: string | undefined
  #sizeBytes = 0

  constructor(rules: ImportRules) {
    this.#rules = rules
    this.#splitter = new SqlSplitter(this)
  }

  /** What may be sent of these bytes and those before. @throws AppError `database.import` for what must not be sent. */
  pass(bytes: Uint8Array): readonly Uint8Array[] {
    this.#sizeBytes += bytes.length
    this.#splitter.write(bytes)
    return this.#taken()
  }

  /** Call once after the last byte. @throws AppError `database.import` for a dump that breaks off inside a statement. */
  end(): { readonly rest: readonly Uint8Array[]; readonly summary: DumpSummary; readonly notes: FilterNotes } {
    const whole = this.#splitter.end()
    if (!whole) throw new AppError('database.import', 'The dump breaks off inside a statement', { hint: 'It is damaged or incomplete: take another restore point.' })
    return { rest: this.#taken(), summary: this.#tally.summary(whole, this.#sizeBytes), notes: { definers: this.#definers, leftOut: this.#leftOut } }
  }

  comment(text: Buffer): void {
    this.#tally.comment(text)
  }

  delimiter(text: Buffer, line: number): void {
    this.#delimiter = text.toString('latin1').slice(10).trim().split(/\s/)[0] ?? ';'
    this.#goTo(line)
    this.#write(Buffer.from(`DELIMITER ${this.#delimiter}\n`, 'latin1'))
    this.#outLine += 1
  }

  statement(bytes: Buffer, line: number, backslashEscapes: boolean): void {
    const dialect = { ...this.#rules.dialect, backslashEscapes }
    const raw = bytes.toString('latin1')
    const text = unwrapConditional(raw, dialect)
    const kind = statementKind(text, dialect)
    if (kind === undefined) {
      this.#tally.statement(kind)
      return
    }
    const passed = this.#judged(kind, text, raw, line, dialect)
    this.#tally.statement(kind)
    if (passed === undefined) return
    this.#goTo(line)
    this.#write(Buffer.from(passed + this.#delimiter, 'latin1'))
    this.#outLine += passed.split('\n').length - 1
  }

  insertHead(bytes: Buffer, line: number): void {
    const text = bytes.toString('latin1')
    if (text.includes('/*!') || text.includes('/*M!')) this.ambiguous('a conditional comment in an INSERT', line)
    const kind = statementKind(text, this.#rules.dialect)
    if (kind === undefined || kind.names.length === 0) throw refused(line, 'an INSERT into no table')
    this.#refuseLateRows(kind.names, line)
    const passed = this.#withoutHome(text, kind.names, line)
    this.#tally.insertHead(kind, isIgnoring(text))
    this.#goTo(line)
    this.#write(Buffer.from(passed, 'latin1'))
    this.#outLine += passed.split('\n').length - 1
  }

  rows(bytes: Uint8Array): void {
    this.#write(bytes)
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) this.#outLine += 1
  }

  insertEnd(rows: number, exact: boolean): void {
    this.#write(Buffer.from(this.#delimiter, 'latin1'))
    this.#tally.insertEnd(rows, exact)
  }

  ambiguous(what: string, line: number): void {
    throw refused(line, what)
  }

  /** The statement as it is sent; undefined when it is left out. */
  #judged(kind: StatementKind, text: string, raw: string, line: number, dialect: SqlDialect): string | undefined {
    const { verb, object } = kind
    if (/^(?:SET)$/.test(verb)) return this.#judgedSet(text, raw, line, dialect)
    if (verb === 'LOCK' || verb === 'UNLOCK') return object === 'TABLES' || object === 'TABLE' ? undefined : this.#refuse(line, kind)
    if (object === 'DATABASE') return this.#judgedDatabase(kind, text, line, dialect)
    if (verb === 'INSERT' || verb === 'REPLACE') {
      if (hasWord(text, dialect, 'SELECT', 'TABLE', 'WITH')) throw refused(line, `${verb} … SELECT`)
      this.#refuseLateRows(kind.names, line)
      return this.#withoutHome(text, kind.names, line)
    }
    if (verb === 'COMMIT' || verb === 'BEGIN' || verb === 'START' || verb === 'DO' || verb === 'SELECT') {
      return isPlain(text, dialect) ? text : this.#refuse(line, kind)
    }
    if (verb === 'ALTER' && object === 'TABLE') {
      if (hasWord(text, dialect, 'RENAME', 'EXCHANGE', 'DISCARD', 'IMPORT')) this.#refuse(line, kind)
      return this.#withinDatabase(this.#withoutHome(text, kind.names, line), kind, line, dialect)
    }
    if ((verb !== 'CREATE' && verb !== 'DROP') || !creatable.test(object) || kind.names.length === 0) return this.#refuse(line, kind)
    if (object === 'FUNCTION' && sqlTokens(text, dialect, 200).some((token) => isWord(token, 'SONAME'))) this.#refuse(line, kind)
    if (verb === 'CREATE' && object === 'TABLE' && hasWord(text, dialect, 'SELECT')) throw refused(line, 'CREATE TABLE … SELECT')
    this.#remember(kind, text, line, dialect)
    return this.#withOwnDefiner(this.#withinDatabase(this.#withoutHome(text, kind.names, line), kind, line, dialect), dialect)
  }

  #remember({ verb, object, names }: StatementKind, text: string, line: number, dialect: SqlDialect): void {
    if (verb === 'DROP') {
      if (object === 'TABLE') for (const { name } of names) this.#withTriggers.delete(this.#key(name))
      return
    }
    const name = names[0] ?? { name: '', end: 0 }
    if (object === 'VIEW') this.#views.add(this.#key(name.name))
    if (object === 'TABLE') this.#views.delete(this.#key(name.name))
    if (object === 'TRIGGER') this.#withTriggers.add(this.#key(tableOfTrigger(text, dialect, name.end) ?? ''))
    this.#hasEvents ||= object === 'EVENT'
    this.#makesStatements ||= /^(?:EVENT|PROCEDURE|PACKAGE)$/.test(object) && makesStatements(text, dialect)
    // The server may start an event as soon as it is there.
    if (this.#rules.others !== undefined && this.#hasEvents && this.#makesStatements) throw refused(line, 'events besides statements that are put together as they run (PREPARE, EXECUTE)', trusting)
  }

  /** A trigger would run with them, and what it does in other databases nothing brings back; so would that of a table behind a view. */
  #refuseLateRows([table]: readonly QualifiedName[], line: number): void {
    const key = this.#key(table?.name ?? '')
    if (this.#withTriggers.has(key)) throw refused(line, `rows of ${table?.name ?? ''} behind a trigger of that table`, 'Dump programs write rows first. Make the dump again in one; or, if you trust this one, import it by hand with the mariadb client.')
    if (this.#views.has(key)) throw refused(line, `rows for the view ${table?.name ?? ''}`)
  }

  #key(name: string): string {
    return this.#rules.foldsCase ? name.toLowerCase() : name
  }

  /** @throws AppError `database.import` for a statement that names another database of the server. */
  #withinDatabase(text: string, { object, names }: StatementKind, line: number, dialect: SqlDialect): string {
    const other = this.#rules.others === undefined ? undefined : otherDatabaseIn(text, dialect, this.#rules.others)
    if (other !== undefined) throw refused(line, `the ${object.toLowerCase()} ${names[0]?.name ?? ''} that names ${other}, another database of this server,`, trusting)
    return text
  }

  #judgedSet(text: string, raw: string, line: number, dialect: SqlDialect): string | undefined {
    if (aboutBinaryLog.test(text)) {
      this.#leaveOut('SET SQL_LOG_BIN')
      return undefined
    }
    const fault = setStatementFault(text, raw, dialect)
    if (fault === undefined) return text
    if (fault === 'global' && /gtid_purged/i.test(text)) {
      this.#leaveOut('SET GTID_PURGED')
      return undefined
    }
    if (fault === 'charset') throw treacherous(line, text)
    throw refused(line, fault === 'global' ? 'a SET for the whole server' : `an unusual SET: ${text.trim().slice(0, 80)}`)
  }

  #judgedDatabase(kind: StatementKind, text: string, line: number, dialect: SqlDialect): string | undefined {
    const name = kind.names[0]
    if (kind.verb === 'USE' && name !== undefined) {
      if (this.#home !== undefined && this.#home !== name.name) throw refused(line, `a second database, ${name.name},`)
      this.#home = name.name
      return undefined
    }
    if (kind.verb === 'CREATE' || kind.verb === 'DROP') {
      this.#leaveOut(`${kind.verb} DATABASE ${name?.name ?? ''}`)
      return undefined
    }
    const tokens = sqlTokens(text, dialect, 20)
    const options = tokens.slice(tokens[2]?.kind === 'name' ? 3 : 2)
    if (kind.verb !== 'ALTER' || !isWord(options[0], 'DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE')) return this.#refuse(line, kind)
    // mysqldump names the dump's own database here; it is meant for the one that is restored.
    return `ALTER DATABASE ${Buffer.from(sqlName(this.#rules.database)).toString('latin1')} ${text.slice(options[0]?.start)}`
  }

  /** Takes away the dump's own database before names. @throws for any other database. */
  #withoutHome(text: string, names: readonly QualifiedName[], line: number): string {
    let out = text
    for (const name of names.toReversed()) {
      if (name.database === undefined) continue
      if (name.database !== this.#rules.database && name.database !== this.#home) throw refused(line, `the other database ${name.database}`)
      // Byte for byte, in whatever character set it stands there; a keyword is no name without quotes.
      const bare = text.slice(name.bareStart, name.end)
      out = out.slice(0, name.start) + (/^[`"]/.test(bare) ? bare : `\`${bare}\``) + out.slice(name.end)
    }
    return out
  }

  #withOwnDefiner(text: string, dialect: SqlDialect): string {
    const definer = statementKind(text, dialect)?.definer
    if (definer === undefined || /^current_(?:user|role)$/i.test(definer.account) || this.#rules.keepsDefiner(definer.account)) return text
    this.#definers.set(definer.account, (this.#definers.get(definer.account) ?? 0) + 1)
    return text.slice(0, definer.start) + text.slice(definer.end)
  }

  #refuse(line: number, kind: StatementKind): never {
    throw refused(line, `${kind.verb.slice(0, 40)} ${kind.object}`.trim())
  }

  #leaveOut(what: string): void {
    if (this.#leftOut.length < 20 && !this.#leftOut.includes(what)) this.#leftOut.push(what)
  }

  #goTo(line: number): void {
    if (line <= this.#outLine) {
      this.#write(Buffer.from(' '))
      return
    }
    this.#write(Buffer.alloc(line - this.#outLine, 10))
    this.#outLine = line
  }

  #write(bytes: Uint8Array): void {
    this.#out.push(bytes)
  }

  #taken(): readonly Uint8Array[] {
    const out = this.#out
    this.#out = []
    return out
  }
}

/** Transactions, and setting a sequence's value: the only ones of these verbs that dumps contain. */
function isPlain(text: string, dialect: SqlDialect): boolean {
  const tokens = sqlTokens(text, dialect, 12)
  const shape = tokens.map((token) => (token.kind === 'word' ? token.value.toUpperCase() : token.kind === 'name' ? 'n' : token.value)).join(' ')
  return /^(?:COMMIT|BEGIN|START TRANSACTION|(?:DO|SELECT) SETVAL \( \S+ , -? ?\d+ , \d+ \))$/.test(shape)
}

function hasWord(text: string, dialect: SqlDialect, ...words: readonly string[]): boolean {
  return sqlTokens(text, dialect, Number.POSITIVE_INFINITY).some((token) => isWord(token, ...words))
}

function refused(line: number, what: string, hint = 'If you trust this dump, import it by hand with the mariadb client.'): AppError {
  return new AppError('database.import', `Line ${line} of the dump holds ${what}, which no dump of one database needs; it was not run`, { hint })
}

function treacherous(line: number, text: string): AppError {
  const charset = /(?:=|NAMES|SET)\s*['"]?(big5|gbk|gb18030|sjis|cp932)\b/i.exec(text)?.[1]?.toLowerCase() ?? 'another one'
  return new AppError('database.import', `Line ${line} of the dump chooses the character set ${charset}, in which half a character can look like a quote or a backslash: what of the text is a statement cannot be told safely; nothing from there on was run`, {
    hint: `Make the dump again in UTF-8 (mariadb-dump --default-character-set=utf8mb4). Where only this one is left, and you trust it, import it by hand: mariadb --default-character-set=${charset} NAME < dump.sql`,
  })
}
