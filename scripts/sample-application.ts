import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const clients = ['Aurora', 'Bianchi', 'Conti', 'D\'Angelo', 'Esposito', 'Ferrari', 'Greco', 'Lèvy']
const years = [2023, 2024, 2025]

/** A small application as one finds it on a server: configuration, code, documents, pictures and an SQLite database. */
export async function makeSampleApplication(root: string): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true })
  await writeFile(join(root, 'config.ini'), '[application]\nname = Sample shop\ndatabase = data/shop.sqlite\n', { mode: 0o640 })
  await writeFile(join(root, 'bin/nightly-report'), '#!/bin/sh\necho "Nothing to report."\n')
  await chmod(join(root, 'bin/nightly-report'), 0o755)
  for (const year of years) {
    for (const client of clients) {
      const folder = join(root, 'documents', String(year), client)
      await mkdir(folder, { recursive: true })
      for (let number = 1; number <= 10; number++) {
        await writeFile(join(folder, `invoice-${String(number).padStart(3, '0')}.txt`), `Invoice ${year}/${number}\n${client}\n${'One more line of it.\n'.repeat(number * 5)}`)
      }
    }
  }
  await mkdir(join(root, 'pictures'))
  for (let number = 1; number <= 40; number++) {
    // Bytes that do not compress, the same at every start.
    const parts = Array.from({ length: 200 }, (_, part) => createHash('sha512').update(`${number}/${part}`).digest())
    await writeFile(join(root, 'pictures', `picture-${number}.bin`), Buffer.concat(parts))
  }
  await mkdir(join(root, 'empty folder'))
  await writeFile(join(root, 'documents', 'Angebot für “Müller & Söhne” – 50 % [neu] $1.txt'), 'An odd name is still a name.\n')
  await symlink('documents/2025', join(root, 'current'))
  await makeDatabase(join(root, 'data'))
}

/** What goes wrong on a bad day: things deleted, overwritten, renamed and added, files and rows alike. */
export async function damageSampleApplication(root: string): Promise<string[]> {
  await rm(join(root, 'documents', '2024'), { recursive: true })
  await writeFile(join(root, 'config.ini'), 'overwritten by mistake\n')
  await rename(join(root, 'pictures/picture-7.bin'), join(root, 'pictures/lost.bin'))
  await chmod(join(root, 'bin/nightly-report'), 0o600)
  await unlink(join(root, 'current'))
  await symlink('/nowhere', join(root, 'current'))
  await writeFile(join(root, 'ransom-note.txt'), 'not ours\n')
  using database = new DatabaseSync(join(root, 'data/shop.sqlite'))
  database.exec("DELETE FROM invoice WHERE id % 2 = 0; UPDATE client SET name = 'unknown'; DROP TABLE note")
  return [
    'deleted  documents/2024 and all in it',
    'replaced config.ini and where "current" points to',
    'renamed  pictures/picture-7.bin',
    'changed  the mode of bin/nightly-report',
    'added    ransom-note.txt',
    'database: half of the invoices deleted, every client renamed, one table dropped',
  ]
}

/**
 * Everything that a restore must bring back, a line each: kind, mode, content's hash or link's target of every path, and
 * the rows of every table. The database's own file is told by its rows: its bytes may differ when they are the same.
 */
export async function describeSampleApplication(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of (await namesBelow(root)).toSorted()) {
    const path = join(root, name)
    const stat = await lstat(path)
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isSymbolicLink()) found.set(name, `link to ${await readlink(path)}`)
    else if (stat.isDirectory()) found.set(name, `folder ${mode}`)
    else if (name === 'data/shop.sqlite') found.set(name, `database ${mode}`)
    else if (!/\.sqlite-(wal|shm)$/.test(name)) found.set(name, `file ${mode} ${stat.mtimeMs} ${createHash('sha256').update(await readFile(path)).digest('hex')}`)
  }
  using database = new DatabaseSync(join(root, 'data/shop.sqlite'), { readOnly: true })
  for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()) {
    const rows = database.prepare(`SELECT * FROM "${String(name)}" ORDER BY 1`).all()
    const hash = createHash('sha256').update(JSON.stringify(rows, (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)).digest('hex')
    found.set(`table ${String(name)}`, `${rows.length} rows ${hash}`)
  }
  return found
}

/** Relative paths of all below `root`. Not readdir's own `recursive`, which follows links into folders. */
async function namesBelow(root: string): Promise<string[]> {
  const items = await readdir(root, { withFileTypes: true })
  const lists = await Promise.all(items.map(async (item) => [item.name, ...(item.isDirectory() ? (await namesBelow(join(root, item.name))).map((name) => join(item.name, name)) : [])]))
  return lists.flat()
}

async function makeDatabase(folder: string): Promise<void> {
  await mkdir(folder)
  using database = new DatabaseSync(join(folder, 'shop.sqlite'))
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE invoice (id INTEGER PRIMARY KEY, client INTEGER NOT NULL REFERENCES client, cents INTEGER NOT NULL, scan BLOB);
    CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);
    CREATE VIEW turnover AS SELECT client, sum(cents) AS cents FROM invoice GROUP BY client;
    BEGIN`)
  const addClient = database.prepare('INSERT INTO client (name) VALUES (?)')
  for (const client of clients) addClient.run(client)
  const addInvoice = database.prepare('INSERT INTO invoice (client, cents, scan) VALUES (?, ?, ?)')
  for (let number = 0; number < 2000; number++) addInvoice.run((number % clients.length) + 1, number * 137, createHash('sha256').update(String(number)).digest())
  const addNote = database.prepare('INSERT INTO note (text) VALUES (?)')
  for (const text of ['Grüße — 日本語 🙂', "it's; a \"quoted\" one\nof two lines", null]) addNote.run(text)
  database.exec('COMMIT')
}
