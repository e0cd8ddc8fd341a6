import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { dockerVolumeTar, gpgEncrypt, homeAssistantTar, iotstackTar, jeedomTar, osmZip, putFiles, runProgram } from '../fixtures/foreign-archives.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const dump = 'DROP TABLE IF EXISTS `zz_settings`;\nCREATE TABLE `zz_settings` (id int);\nINSERT INTO `zz_settings` VALUES (1),(2);\n'
const erp = { 'core.php': '<?php', 'index.php': '<?php index', 'modules/a/edit.php': 'edit', 'files/foto.jpg': 'x'.repeat(9000), 'database.sql': dump }
const stack = { 'docker-compose.yml': 'services: {}\n', 'menu.sh': '', 'services/mosquitto/mosquitto.env': 'A=1', 'volumes/nodered/flows.json': '[1]' }

/** Without the stack's own logs. */
const live = { skip: (path: string): boolean => path.startsWith('backups') }

suite('holdfast import', () => {
  let machine: Machine
  let backups: string
  let zip: string
  let rolling: string

  before(async () => {
    machine = await newMachine()
    backups = join(machine.folder, 'old backups')
    mkdirSync(join(backups, 'deep/er'), { recursive: true })
    const tree = join(machine.folder, 'erp tree')
    putFiles(tree, erp)
    zip = join(backups, 'OSM backup 2024-05-03 02_30_03 FULL.zip')
    osmZip(tree, zip)
    putFiles(machine.app, stack)
    rolling = join(backups, 'deep/er/backup_5.tar.gz')
    iotstackTar(machine.app, rolling)
    utimesSync(rolling, new Date('2025-03-07T02:30:00Z'), new Date('2025-03-07T02:30:00Z'))
    writeFileSync(join(backups, 'notes.txt'), 'not an archive')
    runProgram('zip', 'zip', ['-q', join(backups, 'photos.zip'), 'index.php'], { cwd: tree })
    await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  })

  after(async () => { await machine[Symbol.asyncDispose]() })

  const ids = async (): Promise<Map<string, string>> => new Map((await machine.points()).map(({ key, id }) => [key, id]))

  test('only says what is there when it is a dry run', async () => {
    const { stdout } = await machine.holdfast(['import', backups, '--dry-run'])
    assert.match(stdout, /recognised [0-9a-f]{16} of openstamanager, 2024-05-03 02:30: full, .*1 dump/)
    assert.match(stdout, /recognised [0-9a-f]{16} of demo, 2025-03-07 02:30: full, rolling/)
    assert.match(stdout, /the dump has no closing line.*cannot be proven/)
    assert.match(stdout, /2 other files passed over/)
    assert.deepEqual(readdirSync(machine.place), [])
  })

  test('searches a folder, lists what it finds beside our own, and leaves the files as they are', async () => {
    const earlier = await describeTree(backups)
    const [own] = await machine.backup(['demo'])
    await machine.holdfast(['import', backups])
    assert.deepEqual(await describeTree(backups), earlier)
    const points = await machine.points()
    assert.deepEqual(points.map(({ app, complete, foreign, slot }) => [app, complete, foreign?.kind, slot]), [['demo', true, undefined, 'dated'], ['demo', false, 'iotstack', 'rolling'], ['openstamanager', false, 'openstamanager', 'dated']])
    assert.equal(points[0]?.id, own?.id)
    const { stdout } = await machine.holdfast(['list', '--from', machine.place])
    assert.match(stdout, /foreign, readable/)
    assert.ok(readdirSync(join(machine.place, 'imported')).every((name) => statSync(join(machine.place, 'imported', name)).size < 10_000), 'references are small')
    const again = JSON.parse((await machine.holdfast(['import', backups, machine.place, '--json'])).stdout)
    assert.deepEqual(again.imported.map(({ state }: { state: string }) => state), ['known', 'known'])
    assert.equal(again.ours.length, 1, 'our own archive is told from foreign ones')
    assert.equal((await machine.points()).length, 3)
  })

  test('gives points that show, verify, diff and restore like ours, and never stand for the latest of ours', async () => {
    const known = await ids()
    const id = known.get(rolling) ?? assert.fail()
    assert.match((await machine.holdfast(['show', id, '--from', machine.place])).stdout, /by another program \(iotstack\)[^]*state +foreign, readable[^]*Checked: the CRC-32 of all contents/)
    assert.match((await machine.holdfast(['show', id, '--files', '--from', machine.place])).stdout, /volumes\/nodered\/flows\.json/)
    assert.match((await machine.holdfast(['verify', id, '--from', machine.place])).stdout, /whole/)
    writeFileSync(join(machine.app, 'volumes/nodered/flows.json'), '[2]')
    writeFileSync(join(machine.app, 'volumes/later'), 'later')
    writeFileSync(join(machine.app, 'beside.txt'), 'stays')
    const { stdout } = await machine.holdfast(['diff', id, '--from', machine.place, '--app', 'demo'])
    assert.match(stdout, /changed +volumes\/nodered\/flows\.json \((?:content|time|content, time)/)
    assert.match(stdout, /added +volumes\/later/)
    await machine.holdfast(['restore', id, '--no-ask'])
    assert.equal(readFileSync(join(machine.app, 'volumes/nodered/flows.json'), 'utf8'), '[1]')
    assert.ok(!existsSync(join(machine.app, 'volumes/later')), 'within what the archive holds at its top it is exact')
    assert.equal(readFileSync(join(machine.app, 'beside.txt'), 'utf8'), 'stays')
    await machine.holdfast(['restore', 'demo', '--undo', '--no-ask'])
    assert.equal(readFileSync(join(machine.app, 'volumes/nodered/flows.json'), 'utf8'), '[2]')
    const latest = JSON.parse((await machine.holdfast(['restore', 'latest', '--app', 'demo', '--dry-run', '--json'])).stdout)
    assert.ok(![...known.values()].filter((other) => other === id).includes(latest.id))
  })

  test('lists the same bytes once, under the file that was there first', async () => {
    const copy = join(machine.folder, 'backup_2025-03-07_0230.tar.gz')
    cpSync(rolling, copy)
    assert.match((await machine.holdfast(['import', copy, '--app', 'demo'])).stdout, /imported before[^]*The same bytes are listed already as .*backup_5\.tar\.gz/)
    assert.ok((await ids()).has(rolling))
    assert.ok(!(await ids()).has(copy))
  })

  test('asks for a target where nothing says where the application belongs', async () => {
    const id = (await ids()).get(zip) ?? assert.fail()
    assert.match((await machine.holdfast(['restore', id, '--no-ask'], { status: 1 })).stderr, /--target.*--app NAME/)
    const target = join(machine.folder, 'somewhere')
    const { stderr } = await machine.holdfast(['restore', id, '--target', target])
    assert.match(stderr, /database\.sql: the dump of openstamanager is restored as a file/)
    assert.equal(readFileSync(join(target, 'database.sql'), 'utf8'), dump)
    assert.equal((statSync(target).mode & 0o777).toString(8), '755', 'a web server may enter it')
    assert.equal((statSync(join(target, 'modules')).mode & 0o777).toString(8), '755')
    rmSync(target, { recursive: true })
  })

  test('puts the dump of an archive of the database alone down as a file where no database is named', async () => {
    const tree = join(machine.folder, 'database tree')
    putFiles(tree, { 'database.sql': dump })
    const file = join(machine.folder, 'OSM backup 2024-06-01 02_30_01 PARTIAL.zip')
    osmZip(tree, file)
    const target = join(machine.folder, 'database alone')
    putFiles(target, { 'kept.txt': 'kept' })
    await machine.holdfast(['restore', file, '--target', target, '--no-ask'])
    assert.deepEqual(readdirSync(target).sort(), ['database.sql', 'kept.txt'])
  })

  test('keeps scripts that came with an archive from running', async () => {
    const folder = join(machine.folder, 'with script')
    putFiles(folder, { ...stack, 'volumes/x': 'x', 'post_restore.sh': `touch ${join(machine.folder, 'ran')}\n` })
    chmodSync(join(folder, 'post_restore.sh'), 0o755)
    const file = join(machine.folder, 'backup_2024-01-01_0000.tar.gz')
    runProgram('tar', 'tar', ['-czf', file, '-C', folder, 'services', 'volumes', 'docker-compose.yml', 'post_restore.sh'])
    const { stderr } = await machine.holdfast(['restore', file, '--target', machine.app, '--no-ask'])
    assert.match(stderr, /post_restore\.sh: was not run: it came with the restore point/)
    assert.ok(!existsSync(join(machine.folder, 'ran')))
    await machine.holdfast(['restore', 'demo', '--undo', '--no-ask'])
  })

  test('knows the application in whose folder the archives lie, without any configuration, and restores it in place', async () => {
    const root = join(machine.folder, 'IOTstack')
    putFiles(root, stack)
    mkdirSync(join(root, 'backups/backup'), { recursive: true })
    iotstackTar(root, join(root, 'backups/backup/backup_2024-05-03_0230.tar.gz'))
    const call = { config: false, cwd: root } as const
    await machine.holdfast(['import', 'backups'], call)
    const listed = JSON.parse((await machine.holdfast(['list', '--json'], call)).stdout)
    assert.deepEqual(listed.map(({ app, root: where, key }: Record<string, string>) => [app, where, key]), [['IOTstack', root, join(root, 'backups/backup/backup_2024-05-03_0230.tar.gz')]])
    writeFileSync(join(root, 'volumes/nodered/flows.json'), 'broken')
    await machine.holdfast(['restore', listed[0].id, '--no-ask'], call)
    assert.equal(readFileSync(join(root, 'volumes/nodered/flows.json'), 'utf8'), '[1]')
  })

  test('makes points of ours with --copy, which need the foreign file no more and stay untrusted', async () => {
    const file = join(machine.folder, 'OSM backup 2024-05-03 02_30_03.zip')
    cpSync(zip, file)
    const place = join(machine.folder, 'copies')
    mkdirSync(place)
    await machine.holdfast(['import', file, '--copy', '--to', place, '--app', 'erp'])
    const twice = JSON.parse((await machine.holdfast(['import', file, '--copy', '--to', place, '--app', 'erp', '--json'])).stdout)
    rmSync(file)
    const [copy, ...more] = await machine.points(place)
    assert.deepEqual([copy?.id, more, copy?.complete, copy?.foreign?.kind, copy?.verifiedAt !== undefined], [twice.imported[0].snapshot.id, [], true, 'openstamanager', true])
    assert.match(readdirSync(place).join(' '), /erp_2024-05-03_023000\.tar\.gz/)
    await machine.holdfast(['verify', 'all', '--from', place])
    const target = join(machine.folder, 'from copy')
    await machine.holdfast(['restore', 'latest', '--from', place, '--target', target])
    for (const [path, content] of Object.entries(erp)) assert.equal(readFileSync(join(target, path), 'utf8'), content)
    rmSync(target, { recursive: true })
  })

  test('whose file has changed since is refused, and the live application stays as it is', async () => {
    const file = join(machine.folder, 'later/backup_2.tar.gz')
    mkdirSync(dirname(file))
    iotstackTar(machine.app, file)
    const id = String(JSON.parse((await machine.holdfast(['import', file, '--json'])).stdout).imported[0].snapshot.id)
    const earlier = await describeTree(machine.app, live)
    // The same size, other bytes: gzip's own header holds a time that no program checks.
    const bytes = readFileSync(file)
    bytes[5] = (bytes[5] ?? 0) ^ 1
    writeFileSync(file, bytes)
    assert.match((await machine.holdfast(['restore', id, '--no-ask'], { status: 1 })).stderr, /is not what it was when it was imported.*\[archive\.damaged\]/)
    assert.match((await machine.holdfast(['verify', id, '--from', machine.place], { status: 1 })).stdout, /DAMAGED/)
    appendFileSync(file, 'more')
    assert.match((await machine.holdfast(['restore', id, '--no-ask'], { status: 1 })).stderr, /is not what it was/)
    renameSync(file, `${file}.moved`)
    assert.match((await machine.holdfast(['list', '--from', machine.place])).stdout, /DAMAGED .*backup_2\.tar\.gz/)
    assert.match((await machine.holdfast(['restore', id, '--no-ask'], { status: 10 })).stderr, /is not there.*\[vault\.missing\]/)
    assert.deepEqual(await describeTree(machine.app, live), earlier)
    await machine.holdfast(['forget', id, '--from', machine.place, '--no-ask'])
    assert.ok(!existsSync(join(machine.place, 'imported', `${id}.json`)))
    assert.ok(existsSync(`${file}.moved`))
  })

  test('that is cut is refused, and the live stack stays as it is', async () => {
    const bytes = readFileSync(rolling)
    const cut = join(machine.folder, 'backup_2024-05-03_0230.tar.gz')
    const earlier = await describeTree(machine.app, live)
    for (const at of [bytes.length - 1, bytes.length - 9, bytes.length >> 1, 20]) {
      writeFileSync(cut, bytes.subarray(0, at))
      assert.match((await machine.holdfast(['restore', cut, '--target', machine.app, '--no-ask'], { status: 1 })).stderr, /\[archive\.(?:damaged|foreign)\]/, `cut at ${at}`)
      assert.deepEqual(await describeTree(machine.app, live), earlier, `cut at ${at}`)
    }
    rmSync(cut)
  })

  test('leaves what was imported alone when rules thin out our own points', async () => {
    const dated = join(machine.folder, 'backup_2024-01-02_0300.tar.gz')
    iotstackTar(machine.app, dated)
    await machine.holdfast(['import', dated, '--app', 'demo'])
    const earlier = await machine.points()
    await machine.backup(['demo'])
    await machine.holdfast(['forget', '--from', machine.place, '--app', 'demo', '--keep-last', '1', '--no-ask'])
    const later = await machine.points()
    assert.deepEqual(later.filter(({ foreign }) => foreign !== undefined).map(({ id }) => id), earlier.filter(({ foreign }) => foreign !== undefined).map(({ id }) => id))
    assert.equal(later.filter(({ foreign }) => foreign === undefined).length, 1)
  })

  test('refuses what its configuration does not allow, by path, by id and as a copy', async () => {
    await machine.configure({ apps: { demo: { root: machine.app, allowForeign: false } }, place: machine.place })
    try {
      const earlier = await describeTree(machine.app, live)
      const id = (await ids()).get(rolling) ?? assert.fail()
      const own = (await machine.points()).find(({ foreign }) => foreign === undefined)
      for (const args of [['restore', id, '--no-ask'], ['restore', rolling, '--target', machine.app, '--no-ask'], ['restore', join(machine.place, own?.key ?? ''), '--no-ask'], ['restore', rolling, '--target', machine.app, '--no-ask', '--trust', '--trust-hooks']]) {
        assert.match((await machine.holdfast(args, { status: 1 })).stderr, /allowForeign: false \[restore\.foreign\]/, args.join(' '))
      }
      for (const target of [join(machine.app, 'volumes'), join(machine.app, 'volumes/new'), machine.folder]) assert.match((await machine.holdfast(['restore', rolling, '--target', target, '--no-ask'], { status: 1 })).stderr, /into demo, whose folder is .*\[restore\.foreign\]/, target)
      const link = join(machine.folder, 'link to demo')
      symlinkSync(join(machine.app, 'volumes'), link)
      assert.match((await machine.holdfast(['restore', rolling, '--target', link, '--dry-run'], { status: 1 })).stderr, /\[restore\.foreign\]/)
      assert.match((await machine.holdfast(['restore', rolling, '--target', join(link, 'new/deep'), '--no-ask'], { status: 1 })).stderr, /\[restore\.foreign\]/)
      rmSync(link)
      await machine.holdfast(['restore', rolling, '--target', join(machine.folder, 'beside'), '--dry-run'])
      assert.match((await machine.holdfast(['import', rolling, '--copy'], { status: 1 })).stdout, /\[restore\.foreign\]/)
      assert.deepEqual(await describeTree(machine.app, live), earlier)
      await machine.holdfast(['restore', own?.id ?? '', '--no-ask', '--dry-run'])
    } finally {
      await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
    }
  })

  test('of docker-volume-backup changes what lies in its volumes, and nothing beside them', async () => {
    const tree = join(machine.folder, 'volumes tree')
    putFiles(tree, { 'data/a.txt': 'a', 'shop.db': 'a database' })
    const file = join(machine.folder, 'backup-2024-05-03T02-30-00.tar.gz')
    dockerVolumeTar(tree, file)
    const target = join(machine.folder, 'volumes target')
    const stays = {
      'beside/b.txt': 'b', 'c.txt': 'c', '.shop.holdfast/20240503T023000Z-00000000/restore.db': 'r', 'data/.shop.holdfast/20240503T023000Z-00000000/restore.db': 'r',
      'data/cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55\n', 'data/cache/made-again': 'x',
    }
    putFiles(target, { ...stays, 'data/a.txt': 'newer', 'data/later.txt': 'later', 'shop.db': 'later', 'shop.db-wal': 'of the later one' })
    const plan = JSON.parse((await machine.holdfast(['restore', file, '--target', target, '--dry-run', '--json'])).stdout)
    assert.deepEqual(plan.preview.samples.deleted, ['data/later.txt', 'shop.db-wal'])
    await machine.holdfast(['restore', file, '--target', target, '--no-ask'])
    for (const [path, content] of Object.entries({ ...stays, 'data/a.txt': 'a', 'shop.db': 'a database' })) assert.equal(readFileSync(join(target, path), 'utf8'), content, path)
    assert.ok(!existsSync(join(target, 'data/later.txt')))
    for (const name of ['data', 'shop.db']) rmSync(join(tree, name), { recursive: true })
    dockerVolumeTar(tree, file)
    const earlier = await describeTree(target)
    await machine.holdfast(['restore', file, '--target', target, '--no-ask'])
    assert.deepEqual(await describeTree(target), earlier, 'of an archive without anything in it')
  })

  test('of IOTstack\'s old menu leaves the databases alone that its script passes over, and brings InfluxDB\'s own backup', async () => {
    const root = join(machine.folder, 'old menu')
    const passedOver = { 'volumes/influxdb/data/raw': 'raw', 'volumes/nextcloud/html/data/d': 'd' }
    const influx = { 'backups/influxdb/db/20240503.meta': 'meta' }
    putFiles(root, { ...stack, ...passedOver, ...influx })
    const file = join(machine.folder, 'backup-2024-05-03_0230.tar.gz')
    runProgram('tar', 'tar', ['-czf', file, '-C', root, '--exclude=./volumes/influxdb/*', '--exclude=./volumes/nextcloud/*', '.'])
    rmSync(join(root, 'backups/influxdb'), { recursive: true })
    putFiles(root, { 'volumes/nodered/flows.json': 'broken', 'volumes/nodered/later.json': 'later', 'backups/backup/backup_1.tar.gz': 'an archive' })
    assert.match((await machine.holdfast(['restore', file, '--target', root, '--dry-run'])).stderr, /backups\/influxdb: comes back as files: .*influxd restore/)
    await machine.holdfast(['restore', file, '--target', root, '--no-ask'])
    for (const [path, content] of Object.entries({ ...stack, ...passedOver, ...influx, 'backups/backup/backup_1.tar.gz': 'an archive' })) assert.equal(readFileSync(join(root, path), 'utf8'), content, path)
    assert.ok(!existsSync(join(root, 'volumes/nodered/later.json')))
    iotstackTar(root, file)
    putFiles(root, { 'volumes/influxdb/data/later': 'of another state' })
    await machine.holdfast(['restore', file, '--target', root, '--no-ask'])
    assert.ok(!existsSync(join(root, 'volumes/influxdb/data/later')), 'an archive that holds the server\'s files brings all of them')
  })

  test('is refused over an application of another kind, and goes into a folder without any', async () => {
    const root = join(machine.folder, 'live erp')
    putFiles(root, { ...erp, 'config.example.php': '<?php' })
    const tree = join(machine.folder, 'jeedom of another')
    putFiles(tree, { 'core/class/a.php': 'a', 'plugins/p': 'p', 'core/config/common.config.sample.php': '<?php', 'DB_backup.sql': 'CREATE TABLE eqLogic (id int);\n' })
    const file = join(machine.folder, 'backup-Maison-4.4.19-2024-05-03-02h30.tar.gz')
    jeedomTar(tree, file)
    const earlier = await describeTree(root)
    assert.match((await machine.holdfast(['restore', file, '--target', root, '--no-ask'], { status: 1 })).stderr, /of the kind openstamanager, and the restore point is of the kind jeedom \[restore\.target\][^]*empty folder/)
    const place = join(machine.folder, 'of jeedom')
    mkdirSync(place)
    await machine.holdfast(['backup', tree, '--to', place], { config: false, status: 3 })
    assert.match((await machine.holdfast(['restore', 'latest', '--from', place, '--target', root, '--no-ask'], { config: false, status: 1 })).stderr, /\[restore\.target\]/)
    assert.deepEqual(await describeTree(root), earlier)
    const empty = join(machine.folder, 'empty')
    mkdirSync(empty)
    await machine.holdfast(['restore', file, '--target', empty, '--no-ask'])
    assert.ok(existsSync(join(empty, 'plugins/p')))
  })

  test('does not put a folder in the place of a link to one unasked, and the plan names it', async () => {
    const root = join(machine.folder, 'with link')
    putFiles(root, { 'core.php': '<?php' })
    const disk = join(machine.folder, 'other disk')
    putFiles(disk, { 'foto.jpg': 'of today' })
    symlinkSync(disk, join(root, 'files'))
    const args = ['restore', zip, '--target', root]
    const planned = await machine.anyStatus([...args, '--dry-run'])
    assert.match(planned.stdout, /link +1: files/)
    assert.match(planned.stderr, /files: is a link to a folder/)
    assert.match((await machine.holdfast([...args, '--no-ask'], { status: 1 })).stderr, /files \[restore\.target\][^]*remove the link/)
    assert.deepEqual([readFileSync(join(disk, 'foto.jpg'), 'utf8'), existsSync(join(root, 'modules'))], ['of today', false])
    rmSync(join(root, 'files'))
    await machine.holdfast([...args, '--no-ask'])
  })

  test('of Home Assistant is not called restored into a live configuration folder, which it would not change', async () => {
    const tree = join(machine.folder, 'home tree')
    putFiles(tree, { 'homeassistant/data/configuration.yaml': 'a: 1', 'core_mosquitto/data/options.json': '{}', 'ssl/fullchain.pem': 'pem' })
    const file = join(machine.folder, 'ab12cd34.tar')
    homeAssistantTar(tree, file)
    const root = join(machine.folder, 'live home')
    putFiles(root, { 'configuration.yaml': 'a: 2', '.HA_VERSION': '2024.5' })
    assert.match((await machine.holdfast(['restore', file, '--target', root, '--no-ask'], { status: 1 })).stderr, /laid out otherwise.*\[restore\.target\][^]*homeassistant\/data/)
    const target = join(machine.folder, 'new home')
    await machine.holdfast(['restore', file, '--target', target, '--no-ask'])
    assert.equal(readFileSync(join(target, 'homeassistant/data/configuration.yaml'), 'utf8'), 'a: 1')
  })

  test('is read where zeros follow the end of its gzip, and nothing else may', async () => {
    const file = join(machine.folder, 'backup_2024-03-03_0230.tar.gz')
    writeFileSync(file, Buffer.concat([readFileSync(rolling), Buffer.alloc(5000)]))
    await machine.holdfast(['import', file, '--dry-run'])
    appendFileSync(file, 'x')
    await machine.holdfast(['import', file, '--dry-run'], { status: 1 })
  })

  test('says of each that cannot be imported why, and imports the others', async () => {
    const folder = join(machine.folder, 'mixed')
    mkdirSync(folder)
    cpSync(zip, join(folder, 'good.zip'))
    writeFileSync(join(folder, 'cut.zip'), readFileSync(zip).subarray(0, readFileSync(zip).length >> 1))
    writeFileSync(join(folder, 'cut.tar.gz'), readFileSync(rolling).subarray(0, 100))
    const tree = join(machine.folder, 'jeedom tree')
    putFiles(tree, { 'core/class/a.php': 'a', 'DB_backup.sql': dump })
    const plain = join(folder, 'j.tar.gz')
    jeedomTar(tree, plain)
    gpgEncrypt(plain, 'secret')
    rmSync(plain)
    const { stdout } = await machine.holdfast(['import', folder, '--json', '--dry-run'], { status: 1 })
    const { imported, failed } = JSON.parse(stdout)
    assert.deepEqual(imported.map(({ files }: { files: string[] }) => files), [[join(folder, 'good.zip')]])
    assert.deepEqual(failed.map(({ files, code }: { files: string[]; code: string }) => [files[0], code]), [[join(folder, 'cut.tar.gz'), 'archive.damaged'], [join(folder, 'cut.zip'), 'archive.damaged'], [join(folder, 'j.tar.gz.gpg'), 'archive.password']])
    assert.match((await machine.holdfast(['import', join(backups, 'notes.txt')], { status: 1 })).stdout, /no archive of a program that Holdfast knows/)
    assert.match((await machine.holdfast(['import', join(folder, 'j.tar.gz.gpg')], { env: { HOLDFAST_PASSWORD: 'wrong' }, status: 12 })).stdout, /\[archive\.password\]/)
  })

  test('takes over the configuration of IOTstackBackup, whatever way its copies went', async () => {
    const folder = join(machine.folder, 'iotstack_backup')
    mkdirSync(folder)
    for (const [method, prefix, options, said] of [
      ['SCP', 'pi@hub.local:backups', '-O', /# Backups went to pi@hub\.local:backups by SCP, options -O: /],
      ['rsync', 'pi@hub.local:backups', undefined, /# Backups went to pi@hub\.local:backups by RSYNC: /],
      ['RCLONE', 'remote:path', undefined, /# Backups went to remote:path by RCLONE: /],
      ['LOCAL', '/mnt/disk', undefined, /# Backups went to \/mnt\/disk: name it with --to/],
    ] as const) {
      const file = join(folder, `${method}.yml`)
      writeFileSync(file, `backup:\n  method: "${method}"\n  prefix: "${prefix}"\n${options === undefined ? '' : `  options: "${options}"\n`}  retain: 8\n`)
      const { stdout } = await machine.holdfast(['import', file], { config: false })
      assert.match(stdout, said)
      assert.match(stdout, /preset: iotstack\n    keep:\n      last: 8/)
    }
    const other = join(folder, 'other.yml')
    writeFileSync(other, 'backup:\n  method: "FAX"\n  prefix: "x"\n')
    await machine.holdfast(['import', other], { config: false, status: 1 })
  })

  test('takes over the configuration of IOTstackBackup', async () => {
    const file = join(machine.home, 'config.yml')
    writeFileSync(file, 'backup:\n  method: "RCLONE"\n  prefix: "remote:path/to/backups"\n  options: "-O"\n  retain: 8\nrestore:\n  method: "RCLONE"\n  prefix: "remote:path"\n')
    for (const args of [['import', file], ['import', '--config', file]]) {
      const { stdout } = await machine.holdfast(args, { config: false })
      assert.match(stdout, /# Backups went to remote:path\/to\/backups by RCLONE, options -O: .* later version/)
      assert.match(stdout, new RegExp(`apps:\n  iotstack:\n    root: ${join(machine.home, 'IOTstack')}\n    preset: iotstack\n    keep:\n      last: 8`))
    }
    mkdirSync(join(machine.home, 'IOTstack'))
    await machine.holdfast(['import', file, '--write'])
    assert.match(readFileSync(machine.configFile, 'utf8'), /iotstack/)
    await machine.holdfast(['list', 'iotstack', '--from', machine.place])
  })
})
