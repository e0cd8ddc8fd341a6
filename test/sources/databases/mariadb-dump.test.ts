import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '../../../src/kit/secret.ts'
import type { DatabaseFacts } from '../../../src/model/restore-point.ts'
import { openMariadb } from '../../../src/sources/databases/mariadb-database.ts'
import type { OpenMariadbOptions } from '../../../src/sources/databases/mariadb-options.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'
import { checksumTables, createSampleDatabase } from '../../fixtures/sample-database.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../../fixtures/mariadb-server.ts'
import { seededRandom } from '../../fixtures/seeded-random.ts'

let server: MariadbServer

before(async () => {
  server = await startMariadb()
  await createSampleDatabase(server, 'shop')
  await server.sql(`CREATE DATABASE big; CREATE TABLE big.t (id int PRIMARY KEY, v varchar(2000)) ENGINE=InnoDB;
    INSERT INTO big.t SELECT seq, repeat('),(', 300) FROM big.seq_1_to_9000;`)
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

function options(name: string, more: Partial<OpenMariadbOptions> = {}): OpenMariadbOptions {
  return { type: 'mariadb', name, socket: server.socket, user: 'root', ...more }
}

type Taken = { readonly bytes: Buffer; readonly facts: DatabaseFacts; readonly warnings: string[]; readonly notes: string[] }

async function take(opened: OpenMariadbOptions, pauseMs?: number): Promise<Taken> {
  const run = recordingRun()
  await using dump = await openMariadb(opened).dump(run, { path: 'database.sql', scratch: tmpdir() })
  const parts: Uint8Array[] = []
  for await (const bytes of dump.entry.open?.(run.signal) ?? []) {
    parts.push(bytes)
    if (pauseMs !== undefined) await sleep(pauseMs)
  }
  const of = (type: string): string[] => run.events.flatMap((event) => ((event.type === 'run.warning' || event.type === 'run.note') && event.type === type ? [event.message] : []))
  return { bytes: Buffer.concat(parts), facts: dump.facts(), warnings: of('run.warning'), notes: of('run.note') }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}

test('a database comes back with every table, view, routine, trigger and event as it was, under another name too', async () => {
  const { bytes, facts, warnings } = await take(options('shop'))
  assert.deepEqual(warnings, [])
  // Every byte value of a blob stands there in hexadecimal, so that the dump is one text in one character set.
  assert.match(bytes.toString('latin1'), /0x000102[0-9A-F]+FDFEFF/)
  const sums = await checksumTables(server, 'shop')
  const run = recordingRun()
  await openMariadb(options('copy')).restore(once(bytes), run, facts)
  assert.deepEqual(await checksumTables(server, 'copy'), sums)
  assert.deepEqual(run.events, [])
  assert.equal((await server.sql("SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'copy'")).trim(), 'utf8mb4_unicode_ci')
  assert.deepEqual(await openMariadb(options('copy')).describe(run), await openMariadb(options('shop')).describe(run))
})

test('the facts name version, size, tables and views with the rows that the server counts', async () => {
  const { bytes, facts } = await take(options('shop'))
  assert.equal(facts.sizeBytes, bytes.length)
  assert.match(facts.version, /^\d+\.\d+\.\d+-MariaDB/)
  for (const table of facts.tables) {
    if (table.rows === undefined) continue
    const counted = await server.sql(`SELECT count(*) FROM \`${table.name.replaceAll('`', '``')}\``, 'shop')
    assert.equal(table.rows, Number(counted), table.name)
  }
  assert.deepEqual(facts.tables.filter((table) => table.kind === 'view').map((table) => table.name), ['a_view_on_view', 'customer_total', 'odd "view" na;me'])
  assert.deepEqual(facts.tables.filter((table) => table.kind === 'table' && table.rows === undefined).map((table) => table.name), ['ticket'])
})

test('rows of random nasty texts and bytes are counted as the server counts them', async () => {
  const random = seededRandom(5)
  const pieces = ['),(', "'", '"', '`', '\\', '\n', '\r', '\t', '\0', '\x1a', ';', '-- ', '#', '/*', '*/', '\\N', 'VALUES', '🧾', 'é', '%_']
  await server.sql('CREATE DATABASE nasty')
  const counts: Record<string, number> = {}
  let sql = ''
  for (let index = 0; index < 5; index += 1) {
    const count = Math.floor(random() * 120)
    counts[`t${index}`] = count
    sql += `START TRANSACTION; CREATE TABLE t${index} (a text CHARACTER SET utf8mb4, b blob, c int);`
    for (let row = 0; row < count; row += 1) {
      const text = Buffer.from(Array.from({ length: Math.floor(random() * 9) }, () => pieces[Math.floor(random() * pieces.length)] ?? '').join('')).toString('hex')
      sql += `INSERT INTO t${index} VALUES (x'${text}', x'${text}', ${random() < 0.5 ? 'NULL' : row});`
    }
  }
  await server.sql(sql, 'nasty')
  const { bytes, facts } = await take(options('nasty'))
  assert.deepEqual(Object.fromEntries(facts.tables.map((table) => [table.name, table.rows])), counts)
  const sums = await checksumTables(server, 'nasty')
  await openMariadb(options('nasty2')).restore(once(bytes), recordingRun(), facts)
  assert.deepEqual(await checksumTables(server, 'nasty2'), sums)
})

test('two dumps of an unchanged database are the same bytes', async () => {
  assert.deepEqual((await take(options('shop'))).bytes, (await take(options('shop'))).bytes)
})

test('passwords with any characters work, and stand in no process, environment or folder', async () => {
  const passwords = [`geheim-${randomUUID()}`, '# not a comment', ' "quoted" \\" \\\\ ', "it's; é 🧾", 'tab\there', '[client]', '=']
  for (const [index, password] of passwords.entries()) {
    await server.sql(`SET sql_mode='NO_BACKSLASH_ESCAPES'; CREATE USER w${index}@localhost IDENTIFIED BY '${password.replaceAll("'", "''")}'; GRANT ALL ON big.* TO w${index}@localhost; GRANT ALL ON into_big.* TO w${index}@localhost`)
    const opened = options('big', { user: `w${index}`, password: new Secret(password) })
    if (index > 0) {
      assert.equal((await openMariadb(opened).describe(recordingRun())).length, 1, password)
      continue
    }
    const watch = watchFor(password)
    // Slowly, so that its client is there to be looked at.
    const dumped = await take(opened, 15)
    await openMariadb({ ...opened, name: 'into_big' }).restore(once(dumped.bytes), recordingRun(), dumped.facts)
    const { looks, clients, found } = await watch.stop()
    assert.deepEqual(found, [])
    assert.ok(clients >= 3, `${looks} looks met a client ${clients} times`)
  }
})

/** Looks through all processes' arguments and environments, and the folders for temporary files, until stopped. */
function watchFor(secret: string): { stop(): Promise<{ looks: number; clients: number; found: string[] }> } {
  const found: string[] = []
  let looks = 0
  let clients = 0
  const stopped = new AbortController()
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      looks += 1
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
        const read = async (name: string): Promise<string> => await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
        const command = await read('cmdline')
        if (command.includes('/dev/fd/3')) clients += 1
        if (command.includes(secret) || (await read('environ')).includes(secret)) found.push(command)
      }
      for (const folder of [tmpdir(), '/dev/shm']) {
        for (const name of await readdir(folder)) {
          if (name.startsWith('.holdfast') && (await readFile(join(folder, name), 'utf8').catch(() => '')).includes(secret)) found.push(name)
        }
      }
    }
  })()
  return { stop: async () => { stopped.abort(); await watching; return { looks, clients, found } } }
}

test('a server that is killed while it is dumped always fails the dump', async () => {
  const random = seededRandom(3)
  const { bytes } = await take(options('big'))
  for (let round = 0; round < 10; round += 1) {
    const killAt = Math.floor(random() * bytes.length * 0.7)
    const run = recordingRun()
    const dump = await openMariadb(options('big')).dump(run, { path: 'd.sql', scratch: tmpdir() })
    let read = 0
    let killed = false
    await assert.rejects(async () => {
      for await (const part of dump.entry.open?.(run.signal) ?? []) {
        read += part.length
        if (killed || read < killAt) continue
        killed = true
        await server.kill()
      }
    }, { code: 'database.dump' }, `killed at ${killAt}`)
    assert.ok(killed)
    assert.throws(() => dump.facts(), { code: 'internal' })
    await server.start()
  }
})

test('a cancelled dump ends its client and says so', async () => {
  const stop = new AbortController()
  const dump = await openMariadb(options('big')).dump(recordingRun(), { path: 'd.sql', scratch: tmpdir() })
  await assert.rejects(async () => {
    for await (const _ of dump.entry.open?.(stop.signal) ?? []) stop.abort()
  }, { code: 'interrupted' })
  for (let attempt = 0; ; attempt += 1) {
    const left = Number(await server.sql("SELECT count(*) FROM information_schema.processlist WHERE db = 'big'"))
    if (left === 0) break
    assert.ok(attempt < 100, 'its connection is gone')
  }
})

test('wrong password, missing database, silent port and missing client are told apart', async () => {
  const dump = async (opened: OpenMariadbOptions): Promise<Taken> => await take(opened)
  await server.sql("CREATE USER locked@localhost IDENTIFIED BY 'right'")
  await assert.rejects(dump(options('shop', { user: 'locked', password: new Secret('wrong') })), { code: 'database.unreachable', retry: false, message: /1045/ })
  await assert.rejects(dump(options('absent')), { code: 'database.unreachable', message: /no database absent/ })
  await assert.rejects(dump({ type: 'mariadb', name: 'shop', host: '127.0.0.1', port: 1, user: 'root' }), { code: 'database.unreachable', retry: true })
  await assert.rejects(dump({ type: 'mariadb', user: 'root' }), { code: 'config.invalid' })
  assert.equal((await dump({ type: 'mariadb', name: 'shop', host: 'localhost', port: server.port, user: 'root' })).warnings.length, 0)
  await withPath([], async () => {
    await assert.rejects(dump(options('shop')), { code: 'process.missing', hint: /mariadb-client/ })
  })
})

test('a client that ends well without the closing line, or badly after it, fails the dump', async () => {
  const good = (await take(options('shop'))).bytes.toString('latin1')
  const sayings: readonly (readonly [string, RegExp])[] = [
    [`head -c ${good.length - 20} FILE`, /closing line/],
    ['cat FILE; echo "mariadb-dump: Error: 1317 Query execution was interrupted" >&2; exit 3', /1317/],
    ['cat FILE; echo "INSERT INTO t VALUES (1);"', /closing line/],
    ['cat FILE; kill -9 $$', /SIGKILL/],
    ['grep -v "CREATE TABLE .audit" FILE', /audit/],
  ]
  const folder = await mkdtemp(join(tmpdir(), 'hf-client-'))
  try {
    await writeFile(join(folder, 'dump.sql'), Buffer.from(good, 'latin1'))
    for (const [script, said] of sayings) {
      await rm(join(folder, 'bin'), { recursive: true, force: true })
      await mkdir(join(folder, 'bin'))
      await writeFile(join(folder, 'bin', 'mysqldump'), `#!/bin/sh\ncase "$*" in *--help*) echo MariaDB; exit 0;; esac\n${script.replace('FILE', join(folder, 'dump.sql'))}\n`, { mode: 0o755 })
      for (const name of ['sh', 'cat', 'grep', 'head']) await symlink(`/bin/${name}`, join(folder, 'bin', name))
      await symlink('/usr/bin/mariadb', join(folder, 'bin', 'mariadb'))
      await withPath([join(folder, 'bin')], async () => {
        await assert.rejects(take(options('shop')), { code: 'database.dump', message: said }, script)
      })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

async function withPath(folders: readonly string[], action: () => Promise<void>): Promise<void> {
  const path = process.env['PATH']
  process.env['PATH'] = folders.join(':')
  try {
    await action()
  } finally {
    process.env['PATH'] = path
  }
}

test('what a user may not see or read is told, never left out in silence', async () => {
  await server.sql(`CREATE USER few@localhost; GRANT SELECT, SHOW VIEW ON shop.* TO few@localhost; CREATE USER part@localhost; GRANT SELECT ON shop.audit TO part@localhost;
    CREATE USER most@localhost; GRANT ALL ON shop.* TO most@localhost; CREATE ROLE reader; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON \`sho_\`.* TO reader; GRANT SELECT ON mysql.proc TO reader;
    CREATE USER roled@localhost; GRANT reader TO roled@localhost; SET DEFAULT ROLE reader FOR roled@localhost;`)
  const few = (await take(options('shop', { user: 'few' }))).warnings.join('\n')
  for (const word of ['EVENT', 'TRIGGER', 'EXECUTE']) assert.match(few, new RegExp(`lacks ${word}`))
  assert.match((await take(options('shop', { user: 'part' }))).warnings.join('\n'), /lacks SELECT on the whole/)
  const most = await take(options('shop', { user: 'most' }))
  assert.match(most.warnings.join('\n'), /may not read .*procedure fill.*no routine is in the dump/)
  assert.match(most.bytes.toString('latin1'), /TRIGGER customer_in/)
  assert.doesNotMatch(most.bytes.toString('latin1'), /PROCEDURE `fill`/)
  assert.deepEqual((await take(options('shop', { user: 'roled' }))).warnings, [])
  await server.sql('CREATE USER blind@localhost; GRANT SELECT, TRIGGER, EVENT, EXECUTE ON shop.* TO blind@localhost; GRANT SELECT ON mysql.proc TO blind@localhost')
  await assert.rejects(take(options('shop', { user: 'blind' })), { code: 'database.dump', message: /SHOW VIEW/, hint: /SHOW VIEW/ })
})

test('tables without transactions are locked where that is allowed, and a warning where it is not', async () => {
  await server.sql(`CREATE DATABASE mixed; CREATE TABLE mixed.inno (a int) ENGINE=InnoDB; CREATE TABLE mixed.isam (a int) ENGINE=MyISAM; CREATE VIEW mixed.v AS SELECT * FROM mixed.isam;
    INSERT INTO mixed.isam VALUES (1),(2); CREATE USER lockless@localhost; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON mixed.* TO lockless@localhost`)
  const locked = await take(options('mixed'))
  assert.deepEqual([locked.warnings.length, locked.notes.length], [0, 1])
  assert.match(locked.notes[0] ?? '', /isam \(MyISAM\).* locked/)
  assert.match((await take(options('mixed', { user: 'lockless' }))).warnings.join(''), /isam.*LOCK TABLES/)
  assert.match((await take(options('mixed', { lockTables: false }))).warnings.join(''), /not locked/)
  // The lock is real: with a dump under way a writer waits.
  await server.sql("CREATE TABLE mixed.much (v text) ENGINE=MyISAM; INSERT INTO mixed.much SELECT repeat('x', 1000) FROM mixed.seq_1_to_20000")
  const run = recordingRun()
  const dump = await openMariadb(options('mixed')).dump(run, { path: 'd.sql', scratch: tmpdir() })
  const writing: Promise<string>[] = []
  for await (const _ of dump.entry.open?.(run.signal) ?? []) {
    if (writing.length > 0) continue
    writing.push(server.sql('INSERT INTO mixed.inno VALUES (1); SELECT count(*) FROM mixed.inno'))
    await sleep(300)
    assert.match(await server.sql("SELECT state FROM information_schema.processlist WHERE info LIKE 'INSERT INTO mixed%'"), /waiting for table/i)
  }
  assert.equal((await writing[0])?.trim(), '1')
  assert.equal(dump.facts().tables.find((table) => table.name === 'inno')?.rows, 0)
})

test('a broken view is left out with a warning, and chosen tables or rows are skipped with a note', async () => {
  await server.sql('CREATE DATABASE odd; CREATE TABLE odd.a (x int); CREATE TABLE odd.cache_1 (x int); CREATE TABLE odd.log (x int); INSERT INTO odd.log VALUES (1); CREATE TABLE odd.gone (x int); CREATE VIEW odd.broken AS SELECT * FROM odd.gone; DROP TABLE odd.gone')
  const { facts, warnings, notes, bytes } = await take(options('odd', { skipTables: ['cache_*'], skipTableData: ['log'] }))
  assert.match(warnings.join(''), /view broken of odd is broken/)
  assert.equal(notes.length, 2)
  assert.deepEqual(facts.tables, [{ name: 'a', kind: 'table', rows: 0 }, { name: 'log', kind: 'table' }])
  await openMariadb(options('odd2')).restore(once(bytes), recordingRun(), facts)
})
