import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { newMachine } from './machine.ts'

const saidSchema = z.object({ outcome: z.string(), warnings: z.array(z.object({ code: z.string(), message: z.string() })) })

test('points without a database that the earlier ones hold are incomplete and push none of them out, until it is said to be gone', async () => {
  await using machine = await newMachine()
  await using server = await startMariadb()
  await server.sql('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT); INSERT INTO shop.orders VALUES (1); CREATE DATABASE stock')
  await writeFile(join(machine.app, 'page'), 'a page')
  const configure = async (app: Record<string, unknown>): Promise<void> => await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 2 }, ...app } }, place: machine.place })
  const login = { type: 'mariadb', socket: server.socket, user: 'root' }
  const shop = { ...login, name: 'shop' }
  const backup = async (status: number): Promise<z.infer<typeof saidSchema>> => saidSchema.parse(await machine.json(['backup', 'demo'], { status }))

  await configure({ databases: [shop, { ...login, name: 'stock' }] })
  const good = [...await machine.backup(['demo']), ...await machine.backup(['demo'])].map(({ id }) => id)

  // A line that was lost from the configuration, as an emptied config.inc.php would lose it.
  await configure({})
  for (let count = 0; count < 3; count++) {
    const { outcome, warnings } = await backup(3)
    assert.equal(outcome, 'partial')
    assert.deepEqual(warnings.map(({ code }) => code), ['database.gone', 'database.gone'])
    assert.match(warnings[0]?.message ?? '', /^The database shop is in the restore point of .*say so: expect: \{gone: \["shop"\]\}/)
  }
  const kept = new Set((await machine.points()).map(({ id }) => id))
  assert.deepEqual(good.filter((id) => !kept.has(id)), [])
  assert.match((await machine.holdfast(['status'], { status: 3 })).stdout, /incomplete/)

  await configure({ expect: { gone: ['shop', 'stock'] } })
  for (let count = 0; count < 2; count++) assert.deepEqual(await backup(0), { outcome: 'ok', warnings: [] })
  assert.deepEqual((await machine.points()).filter(({ databases }) => databases > 0), [])

  // Whoever names the databases says which there are.
  await configure({ databases: [shop] })
  assert.deepEqual(await backup(0), { outcome: 'ok', warnings: [] })
  await configure({ databases: [] })
  assert.deepEqual(await backup(0), { outcome: 'ok', warnings: [] })
})
