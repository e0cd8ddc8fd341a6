import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { callName, findContainers } from '../../../src/sources/containers/find-containers.ts'

/** Labels as podman-compose and docker compose write them. */
const labels: Readonly<Record<string, Record<string, string>>> = {
  podman: { 'io.podman.compose.project': 'stack', 'io.podman.compose.service': 'web', 'io.podman.compose.project.working_dir': '/srv/stack', 'com.docker.compose.project': '' },
  docker: { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'db', 'com.docker.compose.project.working_dir': '/srv/stack' },
  both: { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'cache', 'com.docker.compose.project.working_dir': '/srv/stack/sub', 'io.podman.compose.service': 'another', 'io.podman.compose.project.working_dir': '/elsewhere' },
  other: { 'io.podman.compose.project': 'other', 'io.podman.compose.service': 'web', 'io.podman.compose.project.working_dir': '/srv/stack2' },
  none: {},
}

test('containers of podman-compose are found by its labels as those of docker compose are, and those of another folder are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-podman-compose-'))
  const socket = join(folder, 'socket')
  const server = createServer(({ url = '' }, response) => {
    const id = /\/containers\/(\w+)\/json$/.exec(url)?.[1]
    const answer = url === '/version' ? { ApiVersion: '1.41' } : url.endsWith('/volumes') ? { Volumes: null } : id === undefined
      ? Object.keys(labels).map((name) => ({ Id: name }))
      : { Id: id, Name: `/stack_${id}_1`, Created: '2026-01-01', State: { Running: true }, Config: { Labels: labels[id] }, HostConfig: {} }
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  try {
    const { containers: found } = await findContainers([socket], { root: '/srv/stack', named: new Set(), projects: new Set() }, new AbortController().signal)
    assert.deepEqual(found.map((container) => [container.id, callName(container), container.project, container.projectFolder]), [
      ['podman', 'web', 'stack', '/srv/stack'], ['docker', 'db', 'stack', '/srv/stack'], ['both', 'cache', 'stack', '/srv/stack/sub'],
    ])
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
