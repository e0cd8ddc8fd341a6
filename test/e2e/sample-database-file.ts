import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { program } from './program.ts'

/** An SQLite database with all kinds of values, in WAL mode; half of its rows are still in the journal when it is left open. */
export function openSampleDatabaseFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE "odd ""name; --" (id INTEGER PRIMARY KEY, text TEXT, number REAL, scan BLOB);
    CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE INDEX by_text ON "odd ""name; --" (text);
    CREATE VIEW total AS SELECT count(*) AS n FROM pair;
    CREATE TRIGGER added AFTER INSERT ON pair BEGIN SELECT 1; END;`)
  const insert = database.prepare('INSERT INTO "odd ""name; --" (text, number, scan) VALUES (?, ?, ?)')
  for (let number = 0; number < 500; number++) insert.run(['Grüße 🧾', "it's; --\n", '', null][number % 4] ?? null, number / 7, createHash('sha256').update(String(number)).digest())
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const add = database.prepare('INSERT INTO pair VALUES (?, ?)')
  for (let number = 0; number < 500; number++) add.run(number, `row ${number}`)
  return database
}

/** A hash of its whole content, tables, views and triggers, as SQLite's own shell dumps it. */
export async function databaseFileSum(path: string): Promise<string> {
  const { stdout } = await program('sqlite3', 'sqlite3', ['-safe', path, '.dump'])
  return `${stdout.split('\n').length} lines ${createHash('sha256').update(stdout).digest('hex')}`
}

/** Writes to a database without a pause, each transaction moving an amount so that the sum stays 0, until it is disposed. */
export class LiveWriter implements Disposable {
  readonly #database: DatabaseSync
  readonly #timer: NodeJS.Timeout
  #transactions = 0

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000; CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL, filler BLOB)')
    this.#database.exec("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199) INSERT OR IGNORE INTO account SELECT i, 0, randomblob(2000) FROM n")
    this.#timer = setInterval(() => this.#move(), 3)
  }

  get transactions(): number {
    return this.#transactions
  }

  #move(): void {
    this.#transactions += 1
    const [from, to] = [(this.#transactions * 7) % 200, (this.#transactions * 13 + 1) % 200]
    this.#database.exec(`BEGIN IMMEDIATE; UPDATE account SET cents = cents - 5, filler = randomblob(2000) WHERE id = ${from}; UPDATE account SET cents = cents + 5 WHERE id = ${to}; COMMIT`)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#database.close()
  }
}
