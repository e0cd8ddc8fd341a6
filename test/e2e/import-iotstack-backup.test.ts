import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { iotstackBackupSet, putFiles } from '../fixtures/foreign-archives.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const dump = (database: string): string => `-- MariaDB dump 10.19\n-- Host: localhost    Database: ${database}\nCREATE TABLE t (id int);\n-- Dump completed\n`
const saved = {
  'docker-compose.yml': 'services: {}\n', 'services/a/a.env': 'a', 'volumes/nodered/flows.json': '[]', 'backups/influxdb/db/20240503.meta': 'meta',
  'volumes/mariadb/db_backup/backup.sql': dump('home'), 'volumes/postgres/db_backup/postgres_backup.sql.gz': 'gz',
  'volumes/nextcloud/db_backup/backup.sql': dump('nextcloud'), 'volumes/nextcloud/html/config/config.php': 'c', 'volumes/nextcloud/html/data/d': 'd',
  'volumes/wordpress/db_backup/backup.sql': dump('wordpress'), 'volumes/wordpress/html/wp-config.php': 'wp',
  'volumes/gitea/db_backup/backup.sql': dump('gitea'), 'volumes/gitea/data/git/repositories/x/HEAD': 'ref', 'volumes/influxdb2/backup/20240503T023000Z.manifest': '{}', 'volumes/influxdb2/config/influx-configs': 'i', 'volumes/influxdb2/data/influxd.bolt': 'b',
}
/** What no part of a set holds: the servers' own files. */
const neverSaved = {
  'volumes/nextcloud/db/ibdata1': 'raw', 'volumes/nextcloud/html/index.php': 'code', 'volumes/postgres/data/PG_VERSION': '15', 'volumes/influxdb/data/raw': 'raw', 'volumes/influxdb2/data/engine/wal': 'raw',
  'volumes/mariadb/databases/ibdata1': 'raw', 'volumes/gitea/db/ibdata1': 'raw', 'volumes/wordpress/db/ibdata1': 'raw', 'volumes/mosquitto/data/mosquitto.db': 'm',
  'volumes/subversion/repos/a': 's', 'volumes/motioneye/var_lib_motioneye/film.mp4': 'f', 'volumes/esphome/config/.esphome/build': 'e', 'volumes/zigbee2mqtt/data/log/l': 'l', 'volumes/domoticz/domoticz.db-wal': 'w',
  'mkdocs.yml': 'site',
}
const importedSchema = z.object({ imported: z.array(z.object({ snapshot: z.object({ id: z.string() }), files: z.array(z.string()) })) })

suite('a set of IOTstackBackup with all its parts', () => {
  let machine: Machine
  let sets: string
  let id: string

  before(async () => {
    machine = await newMachine()
    putFiles(machine.app, { ...saved, ...neverSaved })
    sets = join(machine.folder, 'sets')
    iotstackBackupSet(machine.app, sets, '2026-05-03_0230.iot-hub', 'today')
    await machine.configure({ apps: { stack: { root: machine.app } }, place: machine.place })
    const { imported } = importedSchema.parse(await machine.json(['import', sets, '--app', 'stack']))
    assert.equal(imported[0]?.files.length, 9, 'eight archives and the log')
    id = imported[0].snapshot.id
  })
  after(async () => await machine[Symbol.asyncDispose]())

  test('brings every file to its place, those of WordPress, Gitea and InfluxDB 2 too', async () => {
    const target = join(machine.folder, 'elsewhere')
    await machine.holdfast(['restore', id, '--target', target])
    for (const [path, content] of Object.entries(saved)) assert.equal(readFileSync(join(target, path), 'utf8'), content, path)
    for (const path of Object.keys(neverSaved)) assert.ok(!existsSync(join(target, path)), path)
  })

  test('leaves what no set ever holds as it is in the live stack: the files of database servers', async () => {
    for (const path of Object.keys(saved).filter((name) => !name.startsWith('backups/'))) writeFileSync(join(machine.app, path), 'newer')
    putFiles(machine.app, { 'volumes/of-later/data': 'd' })
    await machine.holdfast(['restore', id, '--no-ask'])
    assert.ok(existsSync(join(machine.app, 'volumes/of-later/data')), 'what a set of another version may have left out')
    for (const [path, content] of Object.entries(saved)) assert.equal(readFileSync(join(machine.app, path), 'utf8'), content, path)
    for (const [path, content] of Object.entries(neverSaved)) assert.ok(existsSync(join(machine.app, path)) && readFileSync(join(machine.app, path), 'utf8') === content, path)
  })

  test('is refused where any of its archives is cut, and the live stack stays as it is', async () => {
    const cut = join(machine.folder, 'cut sets')
    const parts = ['general-backup.tar.gz', 'mariadb-backup.tar.gz', 'nextcloud-backup.tar.gz', 'wordpress-backup.tar.gz', 'gitea-backup.tar.gz', 'influx-backup.tar', 'influxdb2-backup.tar', 'postgres-backup.sql.gz.tar'].map((part) => `2026-05-03_0230.iot-hub.${part}`)
    writeFileSync(join(machine.app, 'volumes/nodered/flows.json'), '[1]')
    for (const part of parts) {
      rmSync(cut, { recursive: true, force: true })
      mkdirSync(cut)
      cpSync(sets, cut, { recursive: true })
      const bytes = readFileSync(join(cut, part))
      writeFileSync(join(cut, part), bytes.subarray(0, part.endsWith('influx-backup.tar') || part.endsWith('influxdb2-backup.tar') ? 1200 : bytes.length >> 1))
      const { status, stderr } = await machine.anyStatus(['restore', join(cut, parts[0] ?? ''), '--target', machine.app, '--no-ask'])
      assert.deepEqual([status, /\[archive\.damaged\]/.test(stderr)], [1, true], `${part}: ${stderr}`)
      assert.equal(readFileSync(join(machine.app, 'volumes/nodered/flows.json'), 'utf8'), '[1]', part)
    }
  })
})
