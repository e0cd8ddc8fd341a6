import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localDatabases } from '../../src/runs/restore/local-databases.ts'

test('of the databases that an archive names only those of this machine are believed', () => {
  const local = [{ type: 'mariadb', name: 'a' }, { type: 'mariadb', name: 'b', socket: '/run/mysqld.sock' }, { type: 'mariadb', name: 'c', host: '127.0.0.1' }, { type: 'sqlite', path: 'x.db' }] as const
  const elsewhere = [{ type: 'mariadb', name: 'd', host: 'db.example.com', password: { env: 'SECRET' } }, { type: 'mariadb', name: 'e', host: '127.0.0.1.example.com' }] as const
  assert.deepEqual(localDatabases([...local, ...elsewhere]), [...local])
})
