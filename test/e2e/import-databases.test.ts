import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { gpgEncrypt, iotstackBackupSet, jeedomTar, osmFolder, osmZip, putFiles, runProgram } from '../fixtures/foreign-archives.ts'
import { createJeedomDatabase, makeJeedom } from '../fixtures/jeedom-app.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { makeOpenstamanager } from '../fixtures/openstamanager-app.ts'
import { createPhpDatabase, phpDump } from '../fixtures/php-dump.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const plain = { withoutDefiners: true }
const password = 'correct "horse" \\ $x'

/** What OpenSTAManager and Jeedom leave out of their own archives, and what a zip does not carry. */
const osmTree = { without: ['mtimeNs', 'xattrs'], skip: (path: string): boolean => /^modules\/(?:articoli|x)$|(?:^|\/)(?:tests|tmp|node_modules|backups?|logs|\.git|\.github|\.config)(?:\/|$)|\.(?:lock|phar|log)$/.test(path) }
const jeedomTree = { without: ['mtimeNs'], skip: (path: string): boolean => /(?:^|\/)(?:tmp|log|docs?|tests|support|backup|node_modules|vendor|venv|tunnel|\.git|imgOs|img\.gz)(?:\/|$)|\.img\.gz$/.test(path) }

suite('the database in an archive of another program', () => {
  let machine: Machine
  let server: MariadbServer
  let backups: string

  const erp = (): string => join(machine.folder, 'erp')
  const jeedom = (): string => join(machine.folder, 'jeedom')
  const stack = (): string => join(machine.folder, 'IOTstack')

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    backups = join(machine.folder, 'backups')
    mkdirSync(backups)
    await Promise.all([createPhpDatabase(server, 'osm'), createJeedomDatabase(server, { database: 'jeedom', user: 'jeedom', password: 'pw' }), createSampleDatabase(server, 'home', 30)])
    await server.sql("CREATE USER osm@'%' IDENTIFIED BY 'pw'; GRANT ALL ON osm.* TO osm@'%'")
    makeOpenstamanager(erp(), server, { database: 'osm', user: 'osm', password: 'pw' })
    chmodSync(erp(), 0o750)
    makeJeedom(jeedom(), server, { database: 'jeedom', user: 'jeedom', password: 'pw' })
    putFiles(stack(), { 'docker-compose.yml': 'services: {}\n', 'services/a/a.env': 'a', 'volumes/nodered/flows.json': '[]', 'volumes/nextcloud/html/config/config.php': 'c', 'volumes/nextcloud/html/data/d': 'd', 'backups/influxdb/db/x.meta': 'meta', 'volumes/postgres/db_backup/p.sql.gz': 'gz' })
    await machine.configure({ apps: { erp: { root: erp() }, jeedom: { root: jeedom() }, stack: { root: stack(), databases: [{ type: 'mariadb', name: 'home', socket: server.socket, user: 'root' }] } }, place: machine.place })
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  const importedId = async (args: readonly string[], state = 'imported'): Promise<string> => {
    const { stdout } = await machine.holdfast(['import', ...args, '--json'])
    const { imported, failed } = JSON.parse(stdout)
    assert.deepEqual([failed, imported.length, imported[0]?.state], [[], 1, state], stdout)
    return String(imported[0].snapshot.id)
  }

  /** Makes an archive of the ERP by its original steps. */
  const makeOsm = async (name: string, how: { style: 'mysqldump-php' | 'plain'; password?: string; folder?: true }): Promise<string> => {
    const file = join(backups, name)
    writeFileSync(join(erp(), 'database.sql'), await phpDump(server, 'osm', how))
    if (how.folder === true) osmFolder(erp(), file)
    else osmZip(erp(), file, how)
    rmSync(join(erp(), 'database.sql'))
    return file
  }

  const mariadbDump = (database: string, file: string): void => {
    runProgram('mariadb-dump', 'mariadb-client', ['--no-defaults', '--user=root', `--socket=${server.socket}`, '--default-character-set=utf8mb4', '--routines', '--events', '--single-transaction', `--result-file=${file}`, database])
  }

  const breakErp = async (): Promise<void> => {
    for (const path of ['modules', 'files', 'core.php']) rmSync(join(erp(), path), { recursive: true })
    mkdirSync(join(erp(), 'modules/later'), { recursive: true })
    writeFileSync(join(erp(), 'modules/later/x.php'), 'later')
    writeFileSync(join(erp(), 'index.php'), 'broken')
    await server.sql('DROP TRIGGER documenti_in; DROP VIEW v_totali; DELETE FROM co_documenti; CREATE TABLE later (id int)', 'osm')
  }

  for (const [name, style, more] of [
    ['OSM backup 2024-05-03 02_30_03 FULL.zip', 'mysqldump-php', {}],
    ['OSM backup 2019-02-28 23_59_28.zip', 'plain', {}],
    ['OSM backup 2024-05-04 02_30_04 FULL.zip', 'mysqldump-php', { password }],
    ['OSM backup 2020-01-05 10_00_05.zip', 'plain', { folder: true }],
  ] as const) {
    test(`comes back with OpenSTAManager's ${'folder' in more ? 'folder' : 'password' in more ? 'encrypted zip' : 'zip'} and a dump of ${style === 'plain' ? 'a PHP program without closing line' : 'mysqldump-php'}; config.inc.php stays`, async () => {
      const file = await makeOsm(name, { style, ...more })
      const before_ = { tree: await describeTree(erp(), osmTree), sum: await databaseSum(server, 'osm', plain), config: readFileSync(join(erp(), 'config.inc.php'), 'utf8') }
      await breakErp()
      const env = 'password' in more ? { HOLDFAST_PASSWORD: more.password } : {}
      const args = 'folder' in more || 'password' in more ? [file, '--target', erp()] : [await importedId([file])]
      const { stderr } = await machine.holdfast(['restore', ...args, '--no-ask'], { env })
      assert.deepEqual(await describeTree(erp(), osmTree), before_.tree)
      assert.equal(await databaseSum(server, 'osm', plain), before_.sum)
      assert.equal(readFileSync(join(erp(), 'config.inc.php'), 'utf8'), before_.config)
      assert.ok(!existsSync(join(erp(), 'database.sql')), 'the dump is no file of the application')
      assert.doesNotMatch(stderr, /as a file/)
    })
  }

  test('comes back with Jeedom\'s archives: members with ./ and without, gzip, plain tar and gpg', async () => {
    const dump = (): void => {
      mariadbDump('jeedom', join(jeedom(), 'DB_backup.sql'))
    }
    dump()
    assert.match(readFileSync(join(jeedom(), 'DB_backup.sql'), 'utf8'), /^\/\*M?!999999\\- enable the sandbox mode/, 'the dump has the line that old servers stumble over')
    const dotted = join(backups, 'backup-Maison-4.4.19-2024-05-03-02h30.tar.gz')
    jeedomTar(jeedom(), dotted)
    const bare = join(backups, 'backup-Maison-3.1.7-2023-05-03-02h30.tar.gz')
    jeedomTar(jeedom(), bare, { bare: true, compressed: false })
    const encrypted = gpgEncrypt(dotted, password)
    rmSync(join(jeedom(), 'DB_backup.sql'))
    const tree = await describeTree(jeedom(), jeedomTree)
    const sum = await databaseSum(server, 'jeedom', plain)
    const config = readFileSync(join(jeedom(), 'core/config/common.config.php'), 'utf8')
    for (const [file, env] of [[dotted, {}], [bare, {}], [encrypted, { HOLDFAST_PASSWORD: password }]] as const) {
      for (const path of ['plugins', 'core/class', 'data']) rmSync(join(jeedom(), path), { recursive: true })
      await server.sql('DROP TABLE config, audit', 'jeedom')
      await machine.holdfast(['restore', file, '--target', jeedom(), '--no-ask'], { env })
      assert.deepEqual(await describeTree(jeedom(), jeedomTree), tree, file)
      assert.equal(await databaseSum(server, 'jeedom', plain), sum, file)
      assert.equal(readFileSync(join(jeedom(), 'core/config/common.config.php'), 'utf8'), config)
    }
  })

  test('comes back with a set of IOTstackBackup where it is reached; the other dumps come as the files that they are', async () => {
    for (const [database, service] of [['home', 'mariadb'], ['osm', 'nextcloud']] as const) {
      mkdirSync(join(stack(), `volumes/${service}/db_backup`), { recursive: true })
      mariadbDump(database, join(stack(), `volumes/${service}/db_backup/backup.sql`))
    }
    const folder = join(backups, 'sets')
    iotstackBackupSet(stack(), folder, '2024-05-03_0230.iot-hub')
    const nextcloud = readFileSync(join(stack(), 'volumes/nextcloud/db_backup/backup.sql'))
    const sum = await databaseSum(server, 'home')
    const osm = await databaseSum(server, 'osm', plain)
    await server.sql('DROP TABLE audit, by_year', 'home')
    rmSync(join(stack(), 'volumes/nodered'), { recursive: true })
    rmSync(join(stack(), 'volumes/nextcloud/db_backup'), { recursive: true })
    writeFileSync(join(stack(), 'volumes/nextcloud/html/index.php'), 'not in the set')
    const id = await importedId([folder, '--app', 'stack'])
    const { stderr } = await machine.holdfast(['restore', id, '--no-ask'])
    assert.match(stderr, /volumes\/nextcloud\/db_backup\/backup\.sql: the dump of osm is restored as a file/)
    assert.equal(await databaseSum(server, 'home'), sum)
    assert.equal(await databaseSum(server, 'osm', plain), osm, 'no other database was touched')
    assert.equal(readFileSync(join(stack(), 'volumes/nodered/flows.json'), 'utf8'), '[]')
    assert.deepEqual(readFileSync(join(stack(), 'volumes/nextcloud/db_backup/backup.sql')), nextcloud)
    assert.equal(readFileSync(join(stack(), 'volumes/nextcloud/html/index.php'), 'utf8'), 'not in the set', 'what the set never holds is not removed')
  })

  test('comes back with a partial archive of OpenSTAManager, and the attachments stay as they are now', async () => {
    writeFileSync(join(erp(), 'database.sql'), await phpDump(server, 'osm', { style: 'mysqldump-php' }))
    const partial = join(backups, 'OSM backup 2024-05-06 02_30_06 PARTIAL.zip')
    osmZip(erp(), partial, { without: ['files/*'] })
    rmSync(join(erp(), 'database.sql'))
    const live = { tree: await describeTree(erp(), osmTree), sum: await databaseSum(server, 'osm', plain) }
    const attachments = [...live.tree.keys()].filter((path) => path.startsWith('files/'))
    assert.ok(attachments.length > 2)
    rmSync(join(erp(), 'modules'), { recursive: true })
    writeFileSync(join(erp(), 'files/of today.pdf'), 'newer than the archive')
    await server.sql('DELETE FROM co_documenti', 'osm')
    await machine.holdfast(['restore', partial, '--target', erp(), '--no-ask'])
    const now = await describeTree(erp(), osmTree)
    for (const path of attachments) if (path !== 'files') assert.deepEqual(now.get(path), live.tree.get(path), path)
    assert.equal(readFileSync(join(erp(), 'files/of today.pdf'), 'utf8'), 'newer than the archive')
    for (const path of live.tree.keys()) if (path.startsWith('modules/')) assert.deepEqual(now.get(path), live.tree.get(path), path)
    assert.equal(await databaseSum(server, 'osm', plain), live.sum)
    rmSync(join(erp(), 'files/of today.pdf'))
  })

  test('is not touched, nor is a file, by an archive that is cut or whose password is wrong', async () => {
    const random = seededRandom(2)
    const live = { erp: await describeTree(erp()), jeedom: await describeTree(jeedom()), osm: await databaseSum(server, 'osm'), home: await databaseSum(server, 'jeedom') }
    const cut = join(machine.folder, 'cut')
    for (const [name, target, env, ended] of [
      ['OSM backup 2024-05-03 02_30_03 FULL.zip', erp(), {}, 3], ['OSM backup 2024-05-04 02_30_04 FULL.zip', erp(), { HOLDFAST_PASSWORD: password }, 3], ['backup-Maison-4.4.19-2024-05-03-02h30.tar.gz', jeedom(), {}, 3],
      // A plain tar is filled up with zeros behind its end, by up to 10 KiB.
      ['backup-Maison-3.1.7-2023-05-03-02h30.tar.gz', jeedom(), {}, 11_000], ['backup-Maison-4.4.19-2024-05-03-02h30.tar.gz.gpg', jeedom(), { HOLDFAST_PASSWORD: password }, 3],
    ] as const) {
      const bytes = readFileSync(join(backups, name))
      for (const at of [bytes.length - ended, Math.floor(random() * (bytes.length - ended))]) {
        writeFileSync(cut, bytes.subarray(0, at))
        const { status, stderr } = await machine.anyStatus(['restore', cut, '--target', target, '--no-ask'], { env })
        assert.ok(status === 1 || status === 12, `${name} cut at ${at}: ${status} ${stderr}`)
        assert.match(stderr, /\[archive\.(?:damaged|password|foreign)\]/)
      }
    }
    assert.match((await machine.holdfast(['restore', join(backups, 'OSM backup 2024-05-04 02_30_04 FULL.zip'), '--target', erp(), '--no-ask'], { env: { HOLDFAST_PASSWORD: 'wrong' }, status: 12 })).stderr, /\[archive\.password\]/)
    assert.deepEqual(await describeTree(erp()), live.erp)
    assert.deepEqual(await describeTree(jeedom()), live.jeedom)
    assert.equal(await databaseSum(server, 'osm'), live.osm)
    assert.equal(await databaseSum(server, 'jeedom'), live.home)
  })

  test('is not touched by a sound archive whose dump breaks off, or names what no dump of one database needs', async () => {
    const live = { erp: await describeTree(erp()), osm: await databaseSum(server, 'osm') }
    const whole = await phpDump(server, 'osm', { style: 'plain' })
    const cases = [
      ['breaks off', whole.slice(0, whole.length >> 1), /database\.sql: the dump is not complete.*\[archive\.damaged\]/],
      ['is hostile', `${whole}GRANT ALL ON *.* TO osm@'%';\n`, /GRANT.*\[restore\.rolled-back\]/],
      ['cannot be imported', `${whole}INSERT INTO zz_settings VALUES (1, 'twice', '');\n`, /Duplicate entry.*\[restore\.rolled-back\]/],
    ] as const
    for (const [name, text, words] of cases) {
      const file = join(machine.folder, `${name}.zip`)
      writeFileSync(join(erp(), 'database.sql'), text)
      osmZip(erp(), file)
      rmSync(join(erp(), 'database.sql'))
      const { stderr } = await machine.holdfast(['restore', file, '--target', erp(), '--no-ask'], { status: 1 })
      assert.match(stderr, words, name)
      assert.deepEqual(await describeTree(erp(), { moving: ['.'] }), withoutRootTime(live.erp), name)
      assert.equal(await databaseSum(server, 'osm'), live.osm, name)
    }
    const { stdout } = await machine.holdfast(['import', join(machine.folder, 'breaks off.zip')], { status: 1 })
    assert.match(stdout, /not imported .*breaks off\.zip: database\.sql: the dump is not complete: it breaks off inside a statement \[archive\.damaged\]/)
  })

  test('comes from another member where the user names it', async () => {
    const root = join(machine.folder, 'volumes')
    putFiles(root, { 'www/index.html': 'x', 'db/all.sql': await phpDump(server, 'osm', { style: 'mysqldump-php' }) })
    const file = join(machine.folder, 'backup.tar.gz')
    runProgram('tar', 'tar', ['-czf', file, '-P', '--transform', 's,^\\.,/backup,', '-C', root, '.'])
    await server.sql('CREATE DATABASE copy')
    const { stdout } = await machine.holdfast(['restore', file, '--dump', 'backup/db/all.sql', '--target', join(machine.folder, 'elsewhere'), '--db-name', 'osm=copy', '--db-socket', server.socket, '--db-user', 'root', '--no-ask'])
    assert.ok(stdout.includes(`restore --db-name osm=copy --db-socket ${server.socket} --db-user root --undo --target `), stdout)
    assert.equal(await databaseSum(server, 'copy', plain), await databaseSum(server, 'osm', plain))
    assert.ok(existsSync(join(machine.folder, 'elsewhere/www/index.html')))
    assert.ok(!existsSync(join(machine.folder, 'elsewhere/db/all.sql')))
  })

  test('of an application that allows no archives from outside is reached by none, whatever folder or address is named', async () => {
    const databases = [{ type: 'mariadb', name: 'home', host: '127.0.0.1', user: 'root' }]
    await machine.configure({ apps: { home: { root: join(machine.folder, 'not there'), allowForeign: false, databases }, erp: { root: erp(), allowForeign: false } }, place: machine.place })
    try {
      const file = join(machine.folder, 'backup.tar.gz')
      const sum = await databaseSum(server, 'osm')
      const restore = (...more: readonly string[]): Promise<{ readonly stderr: string }> => machine.holdfast(['restore', file, '--dump', 'backup/db/all.sql', '--target', join(machine.folder, 'far away'), '--db-socket', server.socket, '--db-user', 'root', '--no-ask', ...more], { status: 1 })
      assert.match((await restore('--db-name', 'osm=osm')).stderr, /into erp, whose database is osm.*\[restore\.foreign\]/)
      assert.match((await restore('--db-name', 'osm=home')).stderr, /into home, whose database is home.*\[restore\.foreign\]/)
      assert.equal(await databaseSum(server, 'osm'), sum)
    } finally {
      await machine.configure({ apps: { erp: { root: erp() } }, place: machine.place })
    }
  })

  test('setuid bits do not come back from an archive of another program', async () => {
    const root = join(machine.folder, 'tool-tree')
    putFiles(root, { 'core/class/a.php': 'a', 'plugins/p': 'p', 'DB_backup.sql': 'CREATE TABLE eqLogic (id int);\n', 'core/tool': 'tool' })
    chmodSync(join(root, 'core/tool'), 0o4755)
    const file = join(machine.folder, 'tool.tar.gz')
    jeedomTar(root, file)
    const target = join(machine.folder, 'tool-target')
    cpSync(root, target, { recursive: true })
    await machine.holdfast(['restore', file, '--target', target, '--no-ask'])
    assert.partialDeepStrictEqual((await describeTree(target)).get('core/tool'), { mode: '0o755' })
  })
})

function withoutRootTime(tree: Map<string, unknown>): Map<string, unknown> {
  return new Map([...tree].map(([path, facts]) => [path, path === '.' && typeof facts === 'object' ? Object.fromEntries(Object.entries(facts ?? {}).filter(([key]) => key !== 'mtimeNs')) : facts]))
}
