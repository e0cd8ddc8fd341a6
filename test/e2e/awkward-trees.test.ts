import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'

const warningsSchema = z.object({ outcome: z.string(), warnings: z.array(z.object({ code: z.string(), message: z.string() })) })

suite('with a MariaDB server', () => {
  let server: MariadbServer

  before(async () => {
    server = await startMariadb()
    await createSampleDatabase(server, 'erp', 30)
    await createSampleDatabase(server, 'log', 30)
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  for (const format of ['zip', 'tar.gz', 'tar.zst', 'folder']) {
    test(`a tree that has a database.sql, databases/, .holdfast-… and a manifest.json of its own comes back as it was from ${format}`, async () => {
      await using machine = await newMachine()
      for (const [path, text] of [
        ['database.sql', 'mine'], ['databases/log.sql', 'mine too'], ['manifest.json', '{}'], ['RESTORE.md', 'mine'],
        ['.holdfast-0123456789abcdef/manifest.json', '{"format":"holdfast/restore-point"}'], ['.holdfast-0123456789abcdef/records.ndjson', '{}\n'], ['.holdfast-notes', 'x'],
      ] as const) {
        await mkdir(join(machine.app, path, '..'), { recursive: true })
        await writeFile(join(machine.app, path), text)
      }
      const databases = ['erp', 'log'].map((name) => ({ type: 'mariadb', name, socket: server.socket, user: 'root' }))
      await machine.configure({ apps: { demo: { root: machine.app, databases, format } }, place: machine.place })
      const tree = await describeTree(machine.app)
      const sums = [await databaseSum(server, 'erp'), await databaseSum(server, 'log')]
      await machine.backup(['demo'])
      await server.sql('DELETE FROM erp.audit; DELETE FROM log.audit')
      await writeFile(join(machine.app, 'database.sql'), 'broken')
      await machine.holdfast(['restore', 'latest', '--no-ask'])
      assert.deepEqual(await describeTree(machine.app), tree)
      assert.deepEqual([await databaseSum(server, 'erp'), await databaseSum(server, 'log')], sums)
      assert.equal((await machine.points()).length, 1)
    })
  }

  test('the raw files of a running server are never called ok: the run is partial, and says what to do', async () => {
    await using machine = await newMachine()
    await writeFile(join(machine.app, 'index.php'), '<?php')
    await machine.configure({ apps: { demo: { root: server.dataFolder } }, place: machine.place })
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 3 })
    const { outcome, warnings } = warningsSchema.parse(JSON.parse(stdout))
    assert.equal(outcome, 'partial')
    assert.match(warnings.find(({ code }) => code === 'database.raw')?.message ?? '', /raw files of a running MariaDB.*Dump it, or stop it/)
    assert.equal((await machine.points())[0]?.complete, false)
    await machine.holdfast(['status', 'demo'], { status: 1 })
    assert.match(await readFile(join(machine.place, 'RESTORE.md'), 'utf8'), /Application demo/)
  })
})
