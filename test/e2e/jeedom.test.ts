import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import { createJeedomDatabase, makeJeedom } from '../fixtures/jeedom-app.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { asPlainRoot } from './as-plain-root.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { madeEarlier } from './made-earlier.ts'
import { program } from './program.ts'

const options = { database: 'jeedom', user: 'jeedom', password: "d0'm\\otique" }
const plain = { withoutDefiners: true }

suite('Jeedom', () => {
  let machine: Machine
  let server: MariadbServer
  let place: string

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    makeJeedom(machine.app, server, options)
    await createJeedomDatabase(server, options)
    place = join(machine.app, 'backup')
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  const holdfast = async (args: readonly string[], status = 0): Promise<{ stdout: string; stderr: string }> => await machine.holdfast(args, { config: false, cwd: machine.app, status })
  const archives = async (): Promise<string[]> => (await readdir(place)).filter((name) => name.endsWith('.tar.gz')).sort()
  const log = async (): Promise<string> => await readFile(join(machine.app, 'log/backup'), 'utf8')

  test('is backed up without any configuration under its own name, with DB_backup.sql and its own log', async () => {
    await holdfast(['backup', '.', '--name', 'Maison été'])
    const [name = '', ...more] = await archives()
    assert.match(name, /^backup-Maison_ete-4\.4\.19-\d{4}-\d\d-\d\d-\d\dh\d\d\.tar\.gz$/)
    assert.deepEqual(more, [])
    const members = new Set((await program('tar', 'tar', ['-tzf', join(place, name)])).stdout.split('\n'))
    assert.ok(members.has('./DB_backup.sql') || members.has('DB_backup.sql'))
    const text = await log()
    assert.match(text, /^\[START BACKUP\]\n/)
    assert.match(text, /\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]\[INFO\] : database jeedom: \d+ tables OK\n/)
    assert.match(text, /\n\[END BACKUP SUCCESS\]\n$/)
  })

  test('loses nothing of its plugins but what they say themselves', async () => {
    const [name = ''] = await archives()
    const members = (await program('tar', 'tar', ['-tzf', join(place, name)])).stdout.replaceAll(/^\.\//gm, '').split('\n')
    for (const kept of ['doc/fr.md', 'docs/x', 'tests/t.php', 'support/s', 'backup/b.php', 'tmp/t', 'log/l', 'core/class/alarm.class.php'].map((path) => `plugins/alarm/${path}`)) assert.ok(members.includes(kept), kept)
    for (const kept of ['plugins/camera/data/kept', 'plugins/mqtt2/vendor/v.php', 'data/customTemplates/dashboard/cmd.info.string.x.html']) assert.ok(members.includes(kept), kept)
    for (const never of ['core/config/common.config.php', 'tmp/a', 'log/http.error', 'docs/a.md', 'tests/a.php', 'backup/old', 'script/tunnel/key', 'vendor/a.php', 'data/imgOs/os.img', 'install/update/os.img.gz', 'plugins/mqtt2/resources/venv/bin/python', 'plugins/zigbee/resources/node_modules/x.js', 'plugins/camera/data/records/film.mp4']) assert.ok(!members.includes(never), never)
  })

  test('is destroyed and comes back: files and every table, its own configuration and what plugins exclude kept', async () => {
    const tree = await describeTree(machine.app, { moving: ['.', 'log', 'log/backup', 'log/restore'] })
    const sums = await databaseSum(server, 'jeedom', plain)
    await server.sql('DROP TABLE audit; DELETE FROM config', 'jeedom')
    for (const folder of ['plugins/alarm', 'core/class', 'data/img', 'desktop']) await rm(join(machine.app, folder), { recursive: true })
    await holdfast(['restore', 'latest', '--from', place, '--no-ask', '--app', 'Maison été'])
    assert.match(await readFile(join(machine.app, 'log/restore'), 'utf8'), /^\[START RESTORE\]\n[^]*\n\[END RESTORE SUCCESS\]\n$/)
    await rm(join(machine.app, 'log/restore'))
    assert.deepEqual(await describeTree(machine.app, { moving: ['.', 'log', 'log/backup', 'log/restore'] }), tree)
    assert.equal(await databaseSum(server, 'jeedom', plain), sums)
  })

  test('has a whole backup where its own log cannot be written, and is told so; a link there is not followed', async () => {
    const folder = join(machine.app, 'log')
    await rename(folder, join(machine.app, 'log-kept'))
    await mkdir(join(machine.folder, 'elsewhere'))
    await symlink(join(machine.folder, 'elsewhere'), folder)
    try {
      for (const command of [['backup', '.', '--name', 'Maison été', '--to', join(machine.folder, 'another place')], ['restore', 'latest', '--from', place, '--only', 'databases', '--no-ask', '--app', 'Maison été']]) {
        const { outcome, notes } = JSON.parse((await holdfast([...command, '--json'])).stdout) as { outcome: string; notes: { code: string; path: string; message: string }[] }
        assert.equal(outcome, 'ok')
        assert.deepEqual(notes.filter(({ code }) => code === 'log.not-written').map(({ path }) => path), [`log/${command[0]}`])
        assert.match(notes.find(({ code }) => code === 'log.not-written')?.message ?? '', /jeedom know could not be opened: a link.*journal has all of it/)
      }
      assert.deepEqual(await readdir(join(machine.folder, 'elsewhere')), [])
    } finally {
      await rm(folder)
      await rename(join(machine.app, 'log-kept'), folder)
    }
  })

  test('is restored by its own order: unpack with tar, import DB_backup.sql', async () => {
    const [name = ''] = await archives()
    const target = join(machine.folder, 'own order')
    await mkdir(target)
    await program('tar', 'tar', ['zxf', join(place, name), '-C', target])
    await server.sql('CREATE DATABASE own_order')
    await server.sql(await readFile(join(target, 'DB_backup.sql'), 'utf8'), 'own_order')
    assert.equal(await databaseSum(server, 'own_order', plain), await databaseSum(server, 'jeedom', plain))
  })

  test('a backup that fails says so in its log, and never SUCCESS', async () => {
    const file = join(machine.app, 'core/config/common.config.php')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/'password' => .*/, "'password' => 'wrong',"))
    const earlier = await archives()
    await holdfast(['backup', '.', '--name', 'Maison été'], 1)
    assert.match(await log(), /\[ERROR\] : \*\*\*ERROR\*\*\* .*refuses jeedom[^]*\n\[END BACKUP ERROR\]\n$/)
    assert.deepEqual(await archives(), earlier)
    await writeFile(file, text)
  })

  test('a file that cannot be read is an error in its log, and the backup is not called a success', async () => {
    const file = join(machine.app, 'data/img/plan.png')
    await chmod(file, 0)
    await asPlainRoot(machine, ['backup', machine.app, '--name', 'Maison été', '--no-verify', '--to', machine.place], 3).finally(() => chmod(file, 0o644))
    assert.match(await log(), /\[ERROR\] : \/!\\ data\/img\/plan\.png: .* \/!\\[^]*\n\[END BACKUP ERROR\]\n$/)
  })

  test('one of several places that fails makes its log end with ERROR and name it, and the others have the archive', async () => {
    await machine.configure({ apps: { maison: { root: machine.app } }, vaults: { gone: { type: 'archive', place: './not-mounted/place' }, here: { type: 'archive', place: machine.place } } })
    const earlier = (await readdir(machine.place)).length
    await machine.holdfast(['backup', 'maison'], { status: 3 })
    assert.match(await log(), /^\[START BACKUP\]\n[^]*\[ERROR\] : .*The vault "gone" failed: There is no folder[^]*\n\[END BACKUP ERROR\]\n$/)
    assert.doesNotMatch(await log(), /SUCCESS/)
    assert.ok((await readdir(machine.place)).length > earlier)
  })

  /** One more archive of this installation, as it would be had it been made some days ago. */
  const earlierArchive = async (days: number, sizeBytes?: number): Promise<string> => {
    const last = (await archives()).findLast((name) => /^backup-Maison_ete-4\.4\.19-\d{4}-/.test(name)) ?? ''
    return await madeEarlier(place, last, { key: `backup-Maison_ete-4.4.19-made-${days}-days-ago.tar.gz`, days, ...(sizeBytes === undefined ? {} : { sizeBytes }) })
  }

  test('its retention removes archives of its own that are older than three days, and never another file', async () => {
    const [older, old, young] = [await earlierArchive(5), await earlierArchive(3.1), await earlierArchive(2.9)]
    const others = ['my-notes.tar.gz', 'backup-Maison_ete-4.3.2-2020-01-05-03h15.tar.gz', 'old']
    await writeFile(join(place, 'my-notes.tar.gz'), 'not a backup')
    await program('tar', 'tar', ['-czf', join(place, others[1] ?? ''), '-C', machine.app, './core', './plugins'])
    for (const name of others) await utimes(join(place, name), 1, 1)
    const earlier = await readdir(place)
    const { stdout } = await holdfast(['backup', '.', '--name', 'Maison été', '--no-verify', '--json'])
    const { warnings, snapshots } = z.object({ warnings: z.array(z.unknown()), snapshots: z.array(snapshotSchema) }).parse(JSON.parse(stdout))
    assert.deepEqual(warnings, [])
    const now = new Set(await readdir(place))
    assert.deepEqual(earlier.filter((name) => !now.has(name)).sort(), [older, `${older}.json`, old, `${old}.json`].sort())
    for (const kept of [...others, young, snapshots[0]?.key ?? 'none']) assert.ok(now.has(kept), kept)
  })

  test('of the archives of three days the oldest go until all fit into 500 MiB, and never another file', async () => {
    const earlier = new Set(await archives())
    const [first, second, third] = [await earlierArchive(2.5, 200 << 20), await earlierArchive(2, 200 << 20), await earlierArchive(1.5, 200 << 20)]
    await writeFile(join(place, 'film.tar.gz'), '')
    await truncate(join(place, 'film.tar.gz'), 600 << 20)
    await holdfast(['backup', '.', '--name', 'Maison été', '--no-verify'])
    const now = await archives()
    assert.ok(!now.includes(first), 'the oldest of those that are too much')
    for (const kept of [second, third, 'film.tar.gz']) assert.ok(now.includes(kept), kept)
    // Older than all three, so it goes before they do.
    assert.deepEqual([...earlier].filter((name) => !now.includes(name)), ['backup-Maison_ete-4.4.19-made-2.9-days-ago.tar.gz'])
  })
})
