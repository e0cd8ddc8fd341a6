import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { manifestSchema } from '../../src/model/restore-point.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const password = 'p$a"ss\'word'
const phpQuoted = `'${password.replaceAll('\'', '\\\'')}'`
const shownSchema = z.object({ manifest: manifestSchema })

/** What belongs to an application of this kind, by path, and what of it no backup needs. */
const kinds: Readonly<Record<string, (port: number) => { readonly files: Readonly<Record<string, string>>; readonly notSaved: readonly string[] }>> = {
  'wordpress': (port) => ({
    files: {
      'wp-config.php': `<?php\ndefine( 'DB_NAME', 'wordpress' );\ndefine( 'DB_USER', 'wordpress' );\ndefine( 'DB_PASSWORD', ${phpQuoted} );\ndefine( 'DB_HOST', '127.0.0.1:${port}' );\n`,
      'wp-includes/version.php': '<?php $wp_version = \'6.8\';\n', 'wp-content/uploads/2026/11/photo.jpg': 'a photo', 'wp-content/themes/t/style.css': 'a style', 'wp-content/cache/page.html': 'made again',
    },
    notSaved: ['wp-content/cache', 'wp-content/cache/page.html'],
  }),
  'nextcloud': (port) => ({
    files: {
      'config/config.php': `<?php\n$CONFIG = array (\n  'dbtype' => 'mysql',\n  'dbname' => 'nextcloud',\n  'dbhost' => '127.0.0.1:${port}',\n  'dbuser' => 'nextcloud',\n  'dbpassword' => ${phpQuoted},\n);\n`,
      'occ': '#!/usr/bin/env php\n', 'version.php': '<?php $OC_Version = array(31);\n', 'lib/private/Server.php': '<?php\n', 'data/ann/files/letter è.odt': 'a letter', 'data/nextcloud.log': 'a log',
    },
    notSaved: ['data/nextcloud.log'],
  }),
  'gitea': (port) => ({
    files: { 'custom/conf/app.ini': `[database]\nDB_TYPE = mysql\nHOST = 127.0.0.1:${port}\nNAME = gitea\nUSER = gitea\nPASSWD = \`${password}\`\n`, 'data/gitea-repositories/ann/a.git/HEAD': 'ref: refs/heads/main\n', 'data/indexers/x': 'made again' },
    notSaved: ['data/indexers', 'data/indexers/x'],
  }),
  'home-assistant': (port) => ({
    files: { 'configuration.yaml': 'recorder:\n  db_url: !secret recorder\n', 'secrets.yaml': `recorder: "mysql://home-assistant:${encodeURIComponent(password)}@127.0.0.1:${port}/home-assistant"\n`, '.storage/core.config': '{}', '.HA_VERSION': '2026.11.0', 'home-assistant.log': 'a log' },
    notSaved: ['home-assistant.log'],
  }),
}

suite('without any configuration, from its own one,', () => {
  let machine: Machine
  let server: MariadbServer

  before(async () => { [machine, server] = await Promise.all([newMachine(), startMariadb()]) })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  for (const [kind, ofKind] of Object.entries(kinds)) {
    test(`${kind} is known, backed up with its database, destroyed, and comes back`, async () => {
      const { files, notSaved } = ofKind(server.port)
      const [root, place] = [join(machine.folder, kind), join(machine.folder, `place-${kind}`)]
      await mkdir(place)
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true })
        await writeFile(join(root, path), text)
      }
      await createSampleDatabase(server, kind, 40)
      await server.sql(`CREATE USER '${kind}'@'%' IDENTIFIED BY '${password.replaceAll('\'', '\'\'')}'; GRANT ALL ON \`${kind}\`.* TO '${kind}'@'%'; GRANT SET USER, PROCESS ON *.* TO '${kind}'@'%'; GRANT SELECT ON mysql.proc TO '${kind}'@'%'`)
      const sums = await databaseSum(server, kind, { withoutDefiners: true })
      const call = { config: false } as const
      await machine.holdfast(['backup', root, '--to', place], call)
      const { manifest } = shownSchema.parse(await machine.json(['show', 'latest', '--from', place], call))
      assert.deepEqual([manifest.preset, manifest.databases.map(({ engine, name }) => [engine, name])], [kind, [['mariadb', kind]]])

      const tree = await describeTree(root, { skip: (path) => notSaved.includes(path) })
      const restored = async (...args: readonly string[]): Promise<void> => {
        await machine.holdfast(['restore', 'latest', '--from', place, ...args, '--no-ask'], call)
        assert.deepEqual(await describeTree(root), tree)
        assert.equal(await databaseSum(server, kind, { withoutDefiners: true }), sums)
      }
      // All of it is gone: a new server knows its administrator alone.
      await server.sql(`DROP DATABASE \`${kind}\``)
      await rm(root, { recursive: true })
      await restored('--db-socket', server.socket, '--db-user', 'root')
      // The application is there and broken: its own configuration says how to reach its database.
      await server.sql(`DROP DATABASE \`${kind}\`; CREATE DATABASE \`${kind}\``)
      const [configFile = '', secrets = '', ...others] = Object.keys(files)
      for (const path of others) await rm(join(root, path), { force: true })
      await restored('--target', root)
      // What is damaged is just that configuration.
      for (const path of [configFile, secrets]) await writeFile(join(root, path), '<?php broken: [')
      const { stderr } = await machine.holdfast(['restore', 'latest', '--from', place, '--target', root, '--no-ask'], { ...call, status: 1 })
      assert.match(stderr, /nothing here tells how to reach its server[^]*--db-socket/)
      await restored('--target', root, '--db-socket', server.socket, '--db-user', 'root')
    })
  }

  test('the SQLite databases of Home Assistant and Gitea are saved while they are written to', async () => {
    const root = join(machine.folder, 'ha')
    await mkdir(join(root, '.storage'), { recursive: true })
    await writeFile(join(root, 'configuration.yaml'), 'default_config:\n')
    using history = new DatabaseSync(join(root, 'home-assistant_v2.db'))
    history.exec('PRAGMA journal_mode = WAL; CREATE TABLE states (id INTEGER PRIMARY KEY); INSERT INTO states VALUES (1), (2); BEGIN; INSERT INTO states VALUES (3)')
    const place = join(machine.folder, 'place-ha')
    await machine.holdfast(['backup', root, '--to', place], { config: false })
    history.exec('COMMIT')
    await machine.holdfast(['restore', 'latest', '--from', place, '--target', join(machine.folder, 'ha-back'), '--no-ask'], { config: false })
    using restored = new DatabaseSync(join(machine.folder, 'ha-back/home-assistant_v2.db'), { readOnly: true })
    assert.deepEqual(restored.prepare('SELECT count(*) AS n FROM states').get()?.['n'], 2)
  })
})
