import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { databaseSum } from './database-sum.ts'
import { newMachine } from './machine.ts'

test('databases whose names hold quotes, blanks, a dash in front, `%` or other scripts are backed up, restored, renamed and undone', async () => {
  await using machine = await newMachine()
  await using server = await startMariadb()
  const names = ["o'brien", 'we`ird "shop"', '-lead', '50% caffè', 'Shop', 'shop']
  for (const [index, name] of names.entries()) {
    await server.sql(`CREATE DATABASE \`${name.replaceAll('`', '``')}\``)
    await server.sql(`CREATE TABLE \`it's\` (a int) ENGINE=InnoDB; INSERT INTO \`it's\` SELECT seq FROM seq_1_to_${index + 1}; CREATE PROCEDURE count_them() SELECT count(*) FROM \`it's\``, name)
  }
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app, databases: names.map((name) => ({ type: 'mariadb', name, socket: server.socket, user: 'root' })) } }, place: machine.place })
  const sums = async (): Promise<unknown> => await Promise.all(names.map(async (name) => await databaseSum(server, name)))
  const before = await sums()
  await machine.backup(['demo'])
  for (const name of names) await server.sql('DELETE FROM `it\'s` LIMIT 1; DROP PROCEDURE count_them; CREATE TABLE later (a int)', name)
  const changed = await sums()
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  assert.deepEqual(await sums(), before)
  await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
  assert.deepEqual(await sums(), changed)
  await machine.holdfast(['restore', 'latest', '--no-ask', '--target', join(machine.folder, 'else where'), '--db-socket', server.socket, '--db-user', 'root', ...names.flatMap((name) => ['--db-name', `${name}=to ${name}`])])
  assert.deepEqual(await Promise.all(names.map(async (name) => await databaseSum(server, `to ${name}`))), before)
})

test('a database that holds routines and events alone is kept too, and comes back with --undo', async () => {
  await using machine = await newMachine()
  await using server = await startMariadb()
  await server.sql('CREATE DATABASE erp; CREATE TABLE erp.t (a int) ENGINE=InnoDB')
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'mariadb', name: 'erp', socket: server.socket, user: 'root' }] } }, place: machine.place })
  await machine.backup(['demo'])
  await server.sql('DROP TABLE erp.t; CREATE PROCEDURE erp.p() SELECT 1; CREATE EVENT erp.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1')
  const before = await databaseSum(server, 'erp')
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
  assert.equal(await databaseSum(server, 'erp'), before)
})
