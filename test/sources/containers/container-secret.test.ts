import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { containerSecret } from '../../../src/sources/containers/container-secret.ts'
import type { Container } from '../../../src/sources/containers/container.ts'
import { inspectContainer } from '../../../src/sources/containers/container.ts'
import { Engine } from '../../../src/sources/containers/engine-client.ts'
import { Podman } from '../../fixtures/podman.ts'

suite('a secret of a container', () => {
  const signal = new AbortController().signal
  let podman: Podman
  let container: Container

  before(async () => {
    podman = await Podman.start()
    await podman.create('db', {
      labels: { 'io.podman.compose.service': 'database', 'io.podman.compose.project': 'demo', 'io.podman.compose.project.working_dir': '/srv/demo' },
      env: {
        PLAIN: 'as it stands ', PLAIN_FILE: '/run/secrets/other', EMPTY: '', EMPTY_FILE: '/run/secrets/other', NO_PATH_FILE: '',
        ROOT_FILE: '/run/secrets/root word', FILE__LINUXSERVER: '/run/secrets/other', WINDOWS_FILE: '/run/secrets/windows', MISSING_FILE: '/run/secrets/missing', DASH_FILE: '-n',
      },
    })
    podman.exec('db', 'sh', '-c', `mkdir -p /run/secrets; cd /run/secrets; printf '%s\\n' 'p"a\\$ö  ' > 'root word'; printf 'two\\nlines\\n\\n' > other; printf 'word\\r\\n' > windows`)
    const found = await inspectContainer(await Engine.open(podman.socket, signal), 'db', signal)
    assert.ok(found !== undefined)
    container = found
  })

  after(async () => {
    await podman[Symbol.asyncDispose]()
  })

  const secret = async (...names: readonly string[]): Promise<string | undefined> => await containerSecret(container, names, signal)

  test('is what the variable says, before any file', async () => {
    assert.equal(await secret('PLAIN'), 'as it stands ')
  })

  test('is the content of the file in the container that NAME_FILE or FILE__NAME names, without its last line end', async () => {
    assert.equal(await secret('ROOT'), 'p"a\\$ö  ')
    assert.equal(await secret('LINUXSERVER'), 'two\nlines\n')
    assert.equal(await secret('WINDOWS'), 'word')
    assert.equal(await secret('EMPTY'), 'two\nlines\n', 'an empty variable says nothing')
  })

  test('is that of the first name which has one', async () => {
    assert.equal(await secret('UNKNOWN', 'EMPTY_', 'NO_PATH', 'ROOT', 'PLAIN'), 'p"a\\$ö  ')
    assert.equal(await secret('UNKNOWN', 'NO_PATH'), undefined)
  })

  test('in a file that is not there is a failure, not no secret', async () => {
    await assert.rejects(secret('MISSING', 'PLAIN'), { code: 'containers.exec', message: /missing/ })
    await assert.rejects(secret('DASH'), { code: 'containers.exec' })
  })

  test('belongs to a container whose service and folder podman-compose tells too', () => {
    assert.deepEqual([container.service, container.project, container.projectFolder], ['database', 'demo', '/srv/demo'])
  })
})
