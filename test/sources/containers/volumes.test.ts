import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundFolder, isInMemory, isMountedOnUse } from '../../../src/sources/containers/engine-volumes.ts'
import { findContainers } from '../../../src/sources/containers/find-containers.ts'
import { savedPath, volumesOf } from '../../../src/sources/containers/volumes.ts'

test('where a volume\'s content is, is told by its driver and its options', () => {
  const kind = (driver: string, options: Record<string, string>): string => boundFolder({ driver, options }) ?? (isInMemory({ driver, options }) ? 'memory' : isMountedOnUse({ driver, options }) ? 'mounted' : 'folder')
  assert.equal(kind('local', {}), 'folder')
  assert.equal(kind('local', { o: 'size=10G' }), 'folder')
  assert.equal(kind('local', { type: 'none', o: 'rw,bind', device: '/mnt/data' }), '/mnt/data')
  assert.equal(kind('local', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }), 'memory')
  assert.equal(kind('local', { type: 'nfs', device: ':/export', o: 'addr=nas' }), 'mounted')
  assert.equal(kind('local', { type: 'ext4', device: '/dev/sdb1' }), 'mounted')
  assert.equal(kind('sshfs', { sshcmd: 'x' }), 'mounted')
})

test('volumes of one name in two engines are two, and no password goes into a restore point', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-two-engines-'))
  const sockets = ['docker', 'podman'].map((name) => join(folder, name))
  const servers = await Promise.all(sockets.map(async (socket) => await serve(socket)))
  try {
    const { containers, volumes } = await findContainers(sockets, { root: '/srv/stack', named: new Set(['web']), projects: new Set() }, new AbortController().signal)
    const found = volumesOf(volumes)
    assert.deepEqual(found.map(({ name, path, source, engine }) => [name, path, source, engine]), [
      ['data', '.holdfast-volumes/data', `${sockets[0]}/volumes/data`, sockets[0]],
      ['data', '.holdfast-volumes/data@2', `${sockets[1]}/volumes/data`, sockets[1]],
    ])
    assert.deepEqual(found.map(({ options }) => options), [{ type: 'cifs', device: '//nas/share', o: 'username=me' }, { type: 'cifs', device: '//nas/share', o: 'username=me' }])
    assert.deepEqual(containers.map((container) => savedPath(container, '/data/x', '/srv/stack', found)), ['.holdfast-volumes/data/x', '.holdfast-volumes/data@2/x'])
  } finally {
    for (const server of servers) server.close()
    await rm(folder, { recursive: true })
  }
})

/** An engine with one container and one volume. */
async function serve(socket: string): Promise<Server> {
  const source = `${socket}/volumes/data`
  const server = createServer(({ url = '' }, response) => {
    const answer = url === '/version' ? { ApiVersion: '1.41' }
      : url.endsWith('/volumes') ? { Volumes: [{ Name: 'data', Driver: 'local', Mountpoint: source, Options: { type: 'cifs', device: '//nas/share', o: 'username=me,password=secret' }, Labels: null }] }
      : url.includes('?all=1') ? [{ Id: 'one' }]
      : { Id: 'one', Name: '/web', Created: '2026-01-01', State: { Running: true }, Config: {}, HostConfig: {}, Mounts: [{ Type: 'volume', Name: 'data', Source: source, Destination: '/data', RW: true }] }
    response.setHeader('connection', 'close').end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return server
}
