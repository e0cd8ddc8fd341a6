import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recogniseEngine } from '../../../src/sources/containers/recognise-engine.ts'
import { stopOrder } from '../../../src/sources/containers/stop-order.ts'

const container = (service: string, dependsOn: readonly string[] = [], more: { createdAt?: string; networkOf?: string; project?: string } = {}): Parameters<typeof stopOrder>[0][number] => ({
  id: `id-${service}`, name: `demo-${service}-1`, service, project: 'demo', dependsOn, createdAt: '2026-01-01', ...more,
})

test('what depends on another stops before it', () => {
  const groups = stopOrder([container('db'), container('web', ['app']), container('app', ['db', 'cache']), container('cache')])
  assert.deepEqual(groups.map((group) => group.map(({ service }) => service).sort()), [['web'], ['app'], ['cache', 'db']])
})

test('what shares the network of another stops before it', () => {
  assert.deepEqual(stopOrder([container('vpn'), container('torrent', [], { networkOf: 'id-vpn' })]).map((group) => group.map(({ service }) => service)), [['torrent'], ['vpn']])
})

test('services of another project are not meant', () => {
  assert.equal(stopOrder([container('db', [], { project: 'other' }), container('web', ['db'])]).length, 1)
})

test('a circle is stopped all the same', () => {
  assert.deepEqual(stopOrder([container('a', ['b']), container('b', ['a'])]).flat().length, 2)
})

test('a database server is told by its command, else by its image', () => {
  const known = (command: string, image: string): string | undefined => recogniseEngine({ command: command.split(' '), image })
  assert.equal(known('docker-entrypoint.sh mariadbd', 'mariadb:11'), 'mariadb')
  assert.equal(known('docker-entrypoint.sh mysqld --x', 'example.org:5000/own/thing@sha256:00'), 'mariadb')
  assert.equal(known('/init', 'lscr.io/linuxserver/mariadb:latest'), 'mariadb')
  assert.equal(known('docker-entrypoint.sh postgres', 'postgis/postgis'), 'postgresql')
  assert.equal(known('/entrypoint.sh influxd', 'influxdb:2'), 'influxdb')
  assert.equal(known('docker-entrypoint.sh redis-server --save 60', 'redis:7-alpine'), 'redis')
  for (const [command = '', image = ''] of [['/docker-entrypoint.sh apache2', 'phpmyadmin'], ['/mysqld_exporter', 'prom/mysqld-exporter'], ['apache2-foreground', 'wordpress'], ['/entrypoint.sh', 'dpage/pgadmin4'], ['node red', 'nodered/node-red']]) assert.equal(known(command, image), undefined, image)
})
