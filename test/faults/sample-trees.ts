import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, lutimesSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { seededRandom } from '../fixtures/seeded-random.ts'

/** An application with all kinds of entries and an SQLite database; `cache/` is for the caller to exclude. */
export function makeTree(root: string, seed: number): void {
  const random = seededRandom(seed)
  mkdirSync(root)
  for (const folder of ['docs', 'docs/deep', 'docs/deep/er', 'type', 'data', 'cache', 'gone', 'closed', 'becomes-file', 'becomes-link']) mkdirSync(join(root, folder))
  for (let number = 0; number < 12; number++) writeFileSync(join(root, 'docs', `doc-${number}.txt`), bytes(random, 200 + Math.floor(random() * 30_000)))
  writeFileSync(join(root, 'docs/deep/er/large.bin'), bytes(random, 700_000))
  writeFileSync(join(root, 'docs/deep/kept'), 'kept', { mode: 0o640 })
  linkSync(join(root, 'docs/deep/kept'), join(root, 'docs/kept-too'))
  for (const name of ['file-to-folder', 'file-to-link', 'file-to-file']) writeFileSync(join(root, 'type', name), name)
  symlinkSync('../docs', join(root, 'type/link-to-folder'))
  symlinkSync('nowhere', join(root, 'type/link-to-file'))
  writeFileSync(join(root, 'becomes-file/inside'), 'inside')
  writeFileSync(join(root, 'becomes-link/inside'), 'inside')
  writeFileSync(join(root, 'gone/a'), 'a')
  writeFileSync(join(root, 'closed/secret'), 'secret', { mode: 0o400 })
  writeFileSync(Buffer.concat([Buffer.from(`${root}/docs/odd `), Buffer.from([0xff, 0xe9])]), 'odd name')
  writeFileSync(join(root, 'cache/junk'), 'as it was then')
  makeDatabase(join(root, 'data/shop.sqlite'), 300)
  if (process.getuid?.() === 0) chownSync(join(root, 'docs/doc-1.txt'), 12345, 23456)
  setAttribute(join(root, 'docs'), 'user.origin', 'then')
  chmodSync(join(root, 'closed'), 0o500)
  settleTimes(root, 1_600_000_000)
}

/** What a bad week does to it: added, removed, changed, of another type, renamed; the excluded folder too. */
export function changeTree(root: string): void {
  const at = (name: string): string => join(root, name)
  chmodSync(at('closed'), 0o700)
  writeFileSync(at('docs/doc-0.txt'), 'overwritten')
  unlinkSync(at('docs/doc-2.txt'))
  renameSync(at('docs/doc-3.txt'), at('docs/renamed.txt'))
  rmSync(at('gone'), { recursive: true })
  for (const name of ['type/file-to-folder', 'type/file-to-link', 'type/link-to-folder', 'type/link-to-file']) unlinkSync(at(name))
  mkdirSync(at('type/file-to-folder'))
  writeFileSync(at('type/file-to-folder/child'), 'child')
  symlinkSync('/etc', at('type/file-to-link'))
  mkdirSync(at('type/link-to-folder'))
  writeFileSync(at('type/link-to-folder/child'), 'child')
  writeFileSync(at('type/link-to-file'), 'a file now')
  rmSync(at('becomes-file'), { recursive: true })
  writeFileSync(at('becomes-file'), 'a file now')
  rmSync(at('becomes-link'), { recursive: true })
  symlinkSync('docs', at('becomes-link'))
  unlinkSync(at('docs/kept-too'))
  linkSync(at('docs/doc-5.txt'), at('docs/kept-too'))
  mkdirSync(at('added/more'), { recursive: true })
  writeFileSync(at('added/more/new'), 'new', { mode: 0o604 })
  linkSync(at('added/more/new'), at('added/same'))
  writeFileSync(at('cache/junk'), 'as it is now')
  writeFileSync(at('cache/more'), 'more')
  chmodSync(at('docs/deep'), 0o711)
  setAttribute(at('docs'), 'user.origin', 'now')
  setAttribute(at('docs/deep'), 'user.added', 'now')
  makeDatabase(at('data/other.sqlite'), 5)
  using database = new DatabaseSync(at('data/shop.sqlite'))
  database.exec("DELETE FROM item WHERE id % 3 = 0; UPDATE item SET name = 'changed'; PRAGMA journal_mode = WAL")
  settleTimes(root, 1_650_000_000)
}

function makeDatabase(path: string, rows: number): void {
  using database = new DatabaseSync(path)
  database.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); BEGIN')
  const add = database.prepare('INSERT INTO item (name) VALUES (?)')
  for (let row = 0; row < rows; row++) add.run(`row ${row} ${'x'.repeat(row % 50)}`)
  database.exec('COMMIT')
}

/** All rows of the sample database. */
export function databaseRows(path: string): string {
  using database = new DatabaseSync(path, { readOnly: true })
  return JSON.stringify(database.prepare('SELECT * FROM item ORDER BY id').all())
}

/** A copy that nothing tells from the original but its inode numbers and change times. */
export function copyTree(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cp -a failed: ${stderr}`)
}

function bytes(random: () => number, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 64)))
}

function setAttribute(path: string, name: string, value: string): void {
  const { error, status, stderr } = spawnSync('setfattr', ['-n', name, '-v', value, path], { encoding: 'utf8' })
  if (error !== undefined) throw new Error('setfattr is missing: apt-get install attr', { cause: error })
  if (status !== 0) throw new Error(`setfattr failed: ${stderr}`)
}

/** Gives every entry an old time of its own: a time that was not brought back is then seen. */
function settleTimes(root: string, from: number): void {
  let count = 0
  const visit = (path: Buffer): void => {
    for (const item of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
      const child = Buffer.concat([path, Buffer.from('/'), item.name])
      if (item.isDirectory()) visit(child)
      else lutimesSync(child, from + count, from + ++count + 0.123)
    }
    lutimesSync(path, from + count, from + ++count + 0.456)
  }
  visit(Buffer.from(root))
}
