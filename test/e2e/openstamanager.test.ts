import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createOpenstamanagerDatabase, makeOpenstamanager } from '../fixtures/openstamanager-app.ts'
import { asPlainRoot } from './as-plain-root.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { madeEarlier } from './made-earlier.ts'
import { program } from './program.ts'

const plain = { withoutDefiners: true }
const options = { database: 'osm', user: 'osm user', password: 'p$a${b} \'"\\ w#d' }

suite('OpenSTAManager', () => {
  let machine: Machine
  let server: MariadbServer
  let place: string

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    makeOpenstamanager(machine.app, server, options)
    await createOpenstamanagerDatabase(server, options)
    place = join(machine.app, 'backup')
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  const holdfast = async (args: readonly string[], call: { env?: Record<string, string>; status?: number } = {}): Promise<{ stdout: string; stderr: string }> => await machine.holdfast(args, { config: false, cwd: machine.app, ...call })
  const archives = async (ending = '.zip'): Promise<string[]> => (await readdir(place)).filter((name) => name.endsWith(ending)).sort()

  test('is recognised by its folder, and backed up with its database without any configuration, under its own name and in its own place', async () => {
    const { stderr } = await holdfast(['backup', '.'])
    const [name = '', ...more] = await archives()
    assert.match(name, /^OSM backup \d{4}-\d\d-\d\d \d\d_\d\d_\d\d FULL\.zip$/)
    assert.deepEqual(more, [])
    const { stdout } = await program('unzip', 'unzip', ['-Z1', join(place, name)])
    const members = stdout.split('\n')
    for (const kept of ['database.sql', 'index.php', 'files/my_impianti/foto.jpg', '.htaccess']) assert.ok(members.includes(kept), kept)
    for (const never of ['config.inc.php', 'composer.lock', 'composer.phar', 'error.log', 'logs/error.log']) assert.ok(!members.includes(never), never)
    for (const folder of ['node_modules/', 'tests/', 'tmp/', '.git/', '.github/', '.config/', 'backup/']) assert.ok(!members.some((member) => member.startsWith(folder)), folder)
    assert.match(stderr, /lies inside the application/)
    assert.match(stderr, /whoever guesses a name may download/)
  })

  test('loses no folder deep down whose name is that of one at the top, and no attachment for its ending', async () => {
    const [name = ''] = await archives()
    const members = (await program('unzip', 'unzip', ['-Z1', join(place, name)])).stdout.split('\n')
    for (const kept of ['modules/backups/actions.php', 'modules/articoli/tests/a.php', 'modules/x/tmp/kept', 'plugins/y/node_modules/kept.js', 'files/anagrafiche/visit.log', 'files/anagrafiche/contract.lock', 'vendor/a/.github/kept']) assert.ok(members.includes(kept), kept)
  })

  test('is destroyed and comes back: files and every table, its own config.inc.php kept, all sessions ended', async () => {
    const tree = await describeTree(machine.app, { moving: ['.'] })
    await server.sql('UPDATE zz_users SET session_token = NULL', 'osm')
    const sums = await databaseSum(server, 'osm', plain)
    await server.sql("DROP TABLE audit; UPDATE zz_users SET session_token = 'of today'; CREATE TABLE later (id int)", 'osm')
    await rm(join(machine.app, 'files'), { recursive: true })
    await rm(join(machine.app, 'modules'), { recursive: true })
    await writeFile(join(machine.app, 'index.php'), 'broken')
    await holdfast(['restore', 'latest', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app, { moving: ['.'] }), tree)
    assert.equal(await databaseSum(server, 'osm', plain), sums)
    await holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
    assert.equal(await readFile(join(machine.app, 'index.php'), 'utf8'), 'broken')
    assert.match(await server.sql('SELECT session_token FROM zz_users', 'osm'), /of today/)
    await holdfast(['restore', 'latest', '--no-ask'])
  })

  test('is saved without attachments and as its database alone, beside the full ones', async () => {
    await holdfast(['backup', '.', '--without', 'attachments'])
    await holdfast(['backup', '.', '--database-only'])
    const names = (await archives()).filter((name) => name.includes('PARTIAL'))
    assert.equal(names.length, 2)
    const listed = await Promise.all(names.map(async (name) => (await program('unzip', 'unzip', ['-Z1', join(place, name)])).stdout.split('\n')))
    assert.ok(listed.every((members) => members.includes('database.sql') && !members.some((member) => member.startsWith('files/'))))
    assert.deepEqual(listed.map((members) => members.includes('index.php')).sort(), [false, true])
  })

  /** Copies of a kind's newest archive, as if made one, two, … days ago. */
  const earlierOnes = async (kind: 'FULL' | 'PARTIAL', scope: string, count: number): Promise<void> => {
    const points = (await Promise.all((await archives('.zip.json')).map(async (name) => snapshotSchema.parse(JSON.parse(await readFile(join(place, name), 'utf8')))))).filter((point) => point.scope === scope)
    const { key = '' } = points.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).at(-1) ?? {}
    for (let days = 1; days <= count; days++) await madeEarlier(place, key, { key: `OSM backup 2020-01-0${9 - days} 02_30_00 ${kind} ${scope}.zip`, days })
  }

  test('keeps seven full ones and seven partial ones, each kind for itself', async () => {
    for (const [kind, scope] of [['FULL', 'full'], ['PARTIAL', 'partial'], ['PARTIAL', 'database']] as const) await earlierOnes(kind, scope, 8)
    const earlier = await archives()
    for (const args of [[], ['--without', 'attachments'], ['--database-only']]) await holdfast(['backup', '.', '--no-verify', ...args])
    const now = await archives()
    // Beside the copies each kind had one before, and has two now.
    assert.deepEqual(earlier.filter((name) => !now.includes(name)), ['FULL full', 'PARTIAL database', 'PARTIAL partial'].flatMap((kind) => [1, 2, 3].map((day) => `OSM backup 2020-01-0${day} 02_30_00 ${kind}.zip`)).sort())
    assert.deepEqual([now.filter((name) => name.includes('FULL')).length, now.filter((name) => name.includes('PARTIAL')).length], [7, 14])
  })

  test('two backups in one minute, even in one second, are two archives', async () => {
    const earlier = new Set(await archives())
    for (const _ of [1, 2]) await holdfast(['backup', '.', '--no-verify'])
    assert.equal((await archives()).filter((name) => !earlier.has(name)).length, 2)
  })

  test('is restored by hand by its own steps: unpack, import database.sql, delete it, configure', async () => {
    const name = (await archives()).findLast((one) => one.includes('FULL')) ?? ''
    const target = join(machine.folder, 'by hand')
    await mkdir(target)
    await program('unzip', 'unzip', ['-q', join(place, name), '-d', target])
    await server.sql('CREATE DATABASE by_hand')
    await server.sql(await readFile(join(target, 'database.sql'), 'utf8'), 'by_hand')
    assert.equal(await databaseSum(server, 'by_hand', plain), await databaseSum(server, 'osm', plain))
    assert.deepEqual(await readFile(join(target, 'files/my_impianti/foto.jpg')), await readFile(join(machine.app, 'files/my_impianti/foto.jpg')))
  })

  test('a file that cannot be read is told, and the backup is not called complete', async () => {
    await chmod(join(machine.app, 'files/anagrafiche/visit.log'), 0)
    const { stdout, stderr } = await asPlainRoot(machine, ['backup', machine.app, '--no-verify', '--to', machine.place], 3).finally(() => chmod(join(machine.app, 'files/anagrafiche/visit.log'), 0o644))
    assert.match(stderr, /warning: files\/anagrafiche\/visit\.log/)
    assert.match(stdout, /INCOMPLETE/)
  })

  test('emoji and every other character come back as they were', async () => {
    assert.equal((await server.sql("SELECT hex(username) FROM zz_users WHERE id = 3; SELECT hex(name) FROM customer WHERE id = 1000", 'by_hand')), `${Buffer.from('perché 🧾').toString('hex').toUpperCase()}\n${Buffer.from('Čapek 🧾🇮🇹').toString('hex').toUpperCase()}\n`)
  })

  test('encrypts with a password, and never falls back to plain text', async () => {
    const other = join(machine.folder, 'encrypted')
    await mkdir(other)
    await holdfast(['backup', '.', '--to', other], { env: { HOLDFAST_PASSWORD: 'parola' } })
    const name = (await readdir(other)).find((one) => one.endsWith('.zip')) ?? ''
    assert.match((await program('7z', 'p7zip-full', ['l', '-slt', '-pparola', join(other, name)])).stdout, /Method = AES-256/)
    const earlier = await readdir(other)
    for (const format of ['folder', 'tar.gz']) await holdfast(['backup', '.', '--to', other, '--format', format], { env: { HOLDFAST_PASSWORD: 'parola' }, status: 1 })
    assert.deepEqual(await readdir(other), earlier, 'what cannot be encrypted is not written at all')
  })

  test('a configuration that is computed is refused: its database would be missing from the backup', async () => {
    const file = join(machine.app, 'config.inc.php')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('$db_name = "osm";', '$db_name = getenv("DB");'))
    const { stderr } = await holdfast(['backup', '.'], { status: 1 })
    assert.match(stderr, /database's name in config\.inc\.php is not a plain text/)
    await writeFile(file, text)
  })

  test('without its config.inc.php, or with an empty one, a backup is not complete and says why', async () => {
    const file = join(machine.app, 'config.inc.php')
    const text = await readFile(file, 'utf8')
    for (const lost of ['', undefined]) {
      if (lost === undefined) await rm(file)
      else await writeFile(file, lost)
      const { stderr, stdout } = await holdfast(['backup', '.', '--no-verify', '--to', machine.place], { status: 3 })
      assert.match(stderr, lost === undefined ? /config\.inc\.php:? is not there, so this restore point holds no database/ : /config\.inc\.php:? names no database/)
      assert.match(stdout, /INCOMPLETE/)
    }
    await writeFile(file, text)
  })

  test('a backup whose database cannot be reached fails, and removes nothing', async () => {
    // More than are kept, so that a retention that ran now would show.
    await earlierOnes('FULL', 'full', 3)
    const earlier = await archives()
    const file = join(machine.app, 'config.inc.php')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/\$db_password = .*/, "$db_password = 'wrong';"))
    const { stderr } = await holdfast(['backup', '.'], { status: 1 })
    assert.match(stderr, /refuses osm user/)
    assert.deepEqual(await archives(), earlier)
    await writeFile(file, text)
    await holdfast(['backup', '.', '--no-verify'])
    assert.equal((await archives()).filter((name) => name.includes('FULL')).length, 7, 'the next one that goes well removes them')
  })

  test('uses the place that its configuration names, and since 2.8 files/backups', async () => {
    const elsewhere = join(machine.folder, 'disk/backups')
    await mkdir(join(machine.folder, 'disk'))
    makeOpenstamanager(machine.app, server, { ...options, backupDir: `'${elsewhere}'` })
    const { stderr } = await holdfast(['backup', '.', '--no-verify'])
    assert.doesNotMatch(stderr, /lies inside/)
    assert.equal((await readdir(elsewhere)).filter((name) => name.endsWith('.zip')).length, 1)
    // A folder of the application's own data is left out as the place alone, and that is told.
    makeOpenstamanager(machine.app, server, { ...options, backupDir: "__DIR__.'/files'" })
    const own = await holdfast(['backup', '.', '--no-verify'], { status: 3 })
    assert.match(own.stderr, /files lies inside the application, and is not part of the restore point. It holds what is not Holdfast's, which is saved nowhere: anagrafiche/)
    await holdfast(['backup', '.', '--no-verify', '--to', join(machine.folder, 'disk')])
    const { key } = (await machine.points(join(machine.folder, 'disk'))).at(-1) ?? { key: '' }
    assert.match((await program('unzip', 'unzip', ['-Z1', join(machine.folder, 'disk', key)])).stdout, /^files\/my_impianti\/foto\.jpg$/m)
    makeOpenstamanager(machine.app, server, { ...options, version: '2.8' })
    await holdfast(['backup', '.', '--no-verify'])
    assert.equal((await readdir(join(machine.app, 'files/backups'))).filter((name) => name.endsWith('.zip')).length, 1)
  })
})
