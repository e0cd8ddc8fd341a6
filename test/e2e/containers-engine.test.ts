import assert from 'node:assert/strict'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { startFakeEngine } from '../fixtures/fake-engine.ts'
import type { Machine } from './machine.ts'
import { launcher, newMachine } from './machine.ts'
import { answerOf, program } from './program.ts'
import { Program } from '../faults/program.ts'

type Answer = { readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }; readonly notes?: readonly { readonly code: string; readonly message: string }[] }

suite('an engine that is not as it should be', () => {
  let machine: Machine

  before(async () => {
    machine = await newMachine()
    await writeFile(join(machine.app, 'compose.yaml'), 'services: {}\n')
  })

  after(async () => {
    await machine[Symbol.asyncDispose]()
  })

  async function backup(socket: string, status = 1, env: Record<string, string> = {}): Promise<Answer> {
    const { stdout } = await machine.holdfast(['backup', machine.app, '--to', machine.place, '--json'], { env: { DOCKER_HOST: `unix://${socket}`, ...env }, status })
    return JSON.parse(stdout) as Answer
  }

  /** Where the usual sockets would be there is only what `prepare` makes, whatever this machine has. */
  async function backupWithoutEngines(prepare: string, status: number): Promise<Answer> {
    await machine.configure({ apps: {} })
    const answer = await answerOf('unshare', ['--mount', 'sh', '-c', `mount -t tmpfs tmpfs /run && ${prepare} && exec "$@"`, 'sh', launcher, '--config', machine.configFile, 'backup', machine.app, '--to', machine.place, '--json'], { cwd: machine.folder, env: machine.env })
    assert.equal(answer.status, status, answer.stderr)
    return JSON.parse(answer.stdout) as Answer
  }

  test('none at all is a note, which says where it was looked for', async () => {
    const message = (await backupWithoutEngines('true', 0)).notes?.find(({ code }) => code === 'containers.no-engine')?.message ?? ''
    for (const path of ['/var/run/docker.sock', '/run/user/0/podman/podman.sock', '/run/user/0/docker.sock']) assert.ok(message.includes(path), message)
  })

  test('that of whoever owns the application is looked for too, and of whoever runs Holdfast, without their sessions', async () => {
    await chown(machine.app, 65_534, 65_534)
    try {
      for (const path of ['/run/user/65534/podman/podman.sock', '/run/user/65534/docker.sock', '/run/user/0/podman/podman.sock']) {
        // A socket that refuses is a failure, so it was asked.
        const { error } = await backupWithoutEngines(`mkdir -p $(dirname ${path}) && python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' ${path}`, 1)
        assert.equal(error?.code, 'containers.unreachable', path)
      }
    } finally {
      await chown(machine.app, 0, 0)
    }
  })

  test('a socket that is named and not there is a failure', async () => {
    assert.equal((await backup(join(machine.folder, 'nothing.sock'))).error?.code, 'containers.unreachable')
  })

  test('one that refuses is a failure', async () => {
    const socket = join(machine.folder, 'refuses.sock')
    // What a server leaves that was killed.
    await program('python3', 'python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', socket])
    assert.equal((await backup(socket)).error?.code, 'containers.unreachable')
  })

  test('one that takes calls and never answers is a failure, and nothing is saved', async () => {
    const socket = join(machine.folder, 'hangs.sock')
    await using _engine = await startFakeEngine(socket, 'hangs')
    const earlier = await readdir(machine.place)
    // Half a minute is the limit; a hundredth of it here.
    const shorter = 'const timeout = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (ms) => timeout(ms / 100)'
    const { error } = await backup(socket, 1, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shorter)}` })
    assert.equal(error?.code, 'containers.unreachable')
    assert.match(error.message, /does not answer/)
    assert.deepEqual(await readdir(machine.place), earlier)
  })

  test('one that answers nonsense is a failure', async () => {
    for (const kind of ['nonsense', 'garbage'] as const) {
      const socket = join(machine.folder, `${kind}.sock`)
      await using _engine = await startFakeEngine(socket, kind)
      assert.equal((await backup(socket)).error?.code, 'containers.unreachable', kind)
    }
  })

  test('one that this user may not use is a failure that says how to be allowed', async () => {
    const socket = join(tmpdir(), `holdfast-denied-${process.pid}.sock`)
    await using _engine = await startFakeEngine(socket, 'nonsense')
    await chmod(socket, 0o600)
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-denied-'))
    try {
      for (const name of ['state', 'tmp', 'app', 'place']) {
        await mkdir(join(folder, name))
        await chown(join(folder, name), 65_534, 65_534)
      }
      await chmod(folder, 0o755)
      await writeFile(join(folder, 'app/compose.yaml'), 'services: {}\n')
      const { status, value } = await new Program(folder).json(['backup', join(folder, 'app'), '--to', join(folder, 'place')], { uid: 65_534, gid: 65_534, env: { DOCKER_HOST: `unix://${socket}` } })
      assert.equal(status, 1)
      const { error } = value as Answer
      assert.equal(error?.code, 'containers.denied')
      assert.match(error?.hint ?? '', /group/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
