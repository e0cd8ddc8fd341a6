import assert from 'node:assert/strict'
import { test } from 'node:test'
import { likelyDataFolder } from '../../../src/sources/containers/data-folder.ts'
import type { ContainerEngine } from '../../../src/sources/containers/recognise-engine.ts'

type Told = Parameters<typeof likelyDataFolder>[0]

function folder(engine: ContainerEngine, told: Partial<Told>): string {
  return likelyDataFolder({ command: [], environment: new Map(), mounts: [], ...told }, engine)
}

function mounted(destination: string): Partial<Told> {
  return { mounts: [{ kind: 'bind', source: '/srv/data', destination, writable: true }] }
}

test('the data folder of a server that does not run is what its command or environment says', () => {
  assert.equal(folder('mariadb', { command: ['mariadbd', '--user=root', '--datadir=/elsewhere'] }), '/elsewhere')
  assert.equal(folder('postgresql', { command: ['postgres', '-D', '/pg'] }), '/pg')
  assert.equal(folder('postgresql', { command: ['postgres'], environment: new Map([['PGDATA', '/var/lib/postgresql/18/docker']]) }), '/var/lib/postgresql/18/docker')
  assert.equal(folder('redis', { command: ['redis-server', '--dir', '/keys', '--port', '1'] }), '/keys')
})

test('else it is the first usual one that something is mounted at or above', () => {
  assert.equal(folder('mariadb', mounted('/config')), '/config/databases')
  assert.equal(folder('mariadb', mounted('/var/lib/mysql/')), '/var/lib/mysql')
  assert.equal(folder('mariadb', mounted('/backups')), '/var/lib/mysql')
  assert.equal(folder('influxdb', mounted('/var/lib/influxdb')), '/var/lib/influxdb')
})
