import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, chown, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf, program } from './program.ts'

const tag = `hf${process.pid}`
const group = `${tag}g`
/** An ordinary user, a web server's user, and one outside the group. */
const users = { pi: `${tag}p`, web: `${tag}w`, other: `${tag}o` } as const

suite('root, a user and a web server\'s user of one group', () => {
  let machine: Machine

  before(async () => {
    await program('groupadd', 'passwd', [group])
    for (const [kind, name] of Object.entries(users)) {
      await program('useradd', 'passwd', ['--no-create-home', '--home-dir', '/nonexistent', ...(kind === 'web' ? ['--system', '--shell', '/usr/sbin/nologin'] : []), ...(kind === 'other' ? [] : ['--groups', group]), name])
    }
    machine = await newMachine()
    await chmod(machine.folder, 0o755)
    const gid = Number((await program('getent', 'libc-bin', ['group', group])).stdout.split(':')[2])
    await mkdir(join(machine.app, 'files'))
    await writeFile(join(machine.app, 'files/letter'), 'hello')
    for (const path of [machine.app, join(machine.app, 'files')]) {
      await chown(path, 0, gid)
      await chmod(path, 0o2775)
    }
    await machine.holdfast(['init', machine.app, '--to', machine.place, '--group', group, '--no-ask'])
    await chmod(machine.configFile, 0o644)
    for (const name of Object.values(users)) {
      const home = join(machine.folder, name)
      await mkdir(home)
      await program('chown', 'coreutils', [name, home])
    }
  })

  after(async () => {
    await machine[Symbol.asyncDispose]()
    for (const name of Object.values(users)) spawnSync('userdel', [name])
    spawnSync('groupdel', [group])
  })

  for (const umask of ['022', '077']) {
    test(`work on one application by turns with umask ${umask}: back up, list, verify, show each other's points, judge`, async () => {
      const people: string[] = ['root', users.pi, users.web]
      for (const person of people) {
        const made = await as(machine, person, umask, ['backup', 'demo', '--json'])
        assert.equal(made.status, 0, `${person}: ${made.stdout}${made.stderr}`)
        for (const reader of people.filter((other) => other !== person)) {
          const listed = await as(machine, reader, umask, ['list', '--json'])
          assert.equal(listed.status, 0, `${reader}: ${listed.stdout}${listed.stderr}`)
          const newest = z.array(snapshotSchema).parse(JSON.parse(listed.stdout))[0]
          assert.equal(newest?.id, JSON.parse(made.stdout).snapshots[0].id)
        }
      }
      for (const person of people) {
        const verified = await as(machine, person, umask, ['verify', 'latest'])
        assert.equal(verified.status, 0, `${person}: ${verified.stdout}${verified.stderr}`)
        const judged = await as(machine, person, umask, ['status', 'demo', '--json'])
        assert.equal(judged.status, 0, `${person}: ${judged.stdout}${judged.stderr}`)
        assert.equal(JSON.parse(judged.stdout).lastRun.outcome, 'ok')
      }
      const target = join(machine.folder, users.pi, `new-${umask}`)
      const restored = await as(machine, users.pi, umask, ['restore', 'latest', '--target', target, '--owner', 'none', '--no-ask'])
      assert.equal(restored.status, 0, restored.stderr)
      assert.equal(await readFile(join(target, 'files/letter'), 'utf8'), 'hello')
      const thinned = await as(machine, users.web, umask, ['forget', '--keep-last', '2', '--no-ask'])
      assert.equal(thinned.status, 0, thinned.stderr)
    })
  }

  test('are joined by nobody else: a user outside the group is told so in one sentence, and reads nothing', async () => {
    for (const args of [['backup', 'demo'], ['list'], ['status', 'demo'], ['verify', 'latest'], ['restore', 'latest', '--no-ask']]) {
      const { status, stdout, stderr } = await as(machine, users.other, '022', args)
      assert.notEqual(status, 0, args.join(' '))
      assert.doesNotMatch(stdout + stderr, /\[internal\]|at async|demo_20/, `${args.join(' ')}: ${stderr}`)
      assert.match(stderr + stdout, /may not|cannot be read|cannot be written|not reachable|not allowed|denied/, `${args.join(' ')}: ${stdout}${stderr}`)
    }
    for (const path of [machine.state, machine.place]) {
      assert.notEqual((await answerOf('runuser', ['-u', users.other, '--', 'ls', path])).status, 0)
    }
  })

  test('share the lock: while one works, another is refused with 11 and told who it is', async () => {
    const config = await readFile(machine.configFile, 'utf8')
    const { apps, ...rest } = parse(config)
    await writeFile(machine.configFile, stringify({ ...rest, apps: { demo: { ...apps.demo, hooks: { 'live-before': [{ command: 'sleep 3' }] } } } }))
    const first = as(machine, users.web, '077', ['backup', 'demo'])
    await new Promise((resolve) => { setTimeout(resolve, 1500) })
    const { status, stderr } = await as(machine, users.pi, '077', ['backup', 'demo'])
    await writeFile(machine.configFile, config)
    const done = await first
    assert.equal(done.status, 0, done.stderr)
    assert.equal(status, 11, stderr)
    assert.match(stderr, new RegExp(`user ${users.web}`))
  })
})

async function as(machine: Machine, user: string, umask: string, args: readonly string[]): Promise<Answer> {
  const home = user === 'root' ? machine.home : join(machine.folder, user)
  const env = { ...machine.env, HOME: home, XDG_CONFIG_HOME: join(home, 'c'), XDG_DATA_HOME: join(home, 'd'), XDG_STATE_HOME: join(home, 's') }
  const line = ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh', launcher, '--config', machine.configFile, ...args]
  return user === 'root' ? await answerOf('sh', line.slice(1), { cwd: '/', env }) : await answerOf('runuser', ['-u', user, '--', ...line], { cwd: '/', env })
}

test('sharing the state with a group follows no link that a member has put there', async () => {
  await using machine = await newMachine()
  const outside = join(machine.folder, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'secret'), 'x', { mode: 0o600 })
  await mkdir(join(machine.state, 'demo/runs'), { recursive: true })
  await writeFile(join(machine.state, 'demo/runs/journal'), '')
  await symlink(join(outside, 'secret'), join(machine.state, 'demo/link'))
  await symlink(outside, join(machine.state, 'demo/folder'))
  await link(join(outside, 'secret'), join(machine.state, 'demo/second name'))
  await machine.holdfast(['init', '--group', 'daemon'])
  const { gid } = await stat(join(machine.state, 'demo/runs/journal'))
  assert.notEqual(gid, 0)
  for (const path of [outside, join(outside, 'secret')]) assert.equal((await stat(path)).gid, 0)
  assert.equal((await stat(join(outside, 'secret'))).mode & 0o777, 0o600)
})

test('sharing the state with a group leaves the server\'s accounts and uploads to its own user', async () => {
  await using machine = await newMachine()
  await mkdir(join(machine.state, '.server'), { recursive: true, mode: 0o700 })
  await writeFile(join(machine.state, '.server/access.sqlite'), '', { mode: 0o600 })
  await machine.holdfast(['init', '--group', 'daemon'])
  assert.equal((await stat(join(machine.state, '.server'))).mode & 0o7777, 0o700)
  assert.equal((await stat(join(machine.state, '.server/access.sqlite'))).mode & 0o7777, 0o600)
})

test('a link that a member of the group puts in the place of a state folder leads nobody else\'s run out of it', async () => {
  await using machine = await newMachine()
  const outside = join(machine.folder, 'outside')
  await mkdir(join(outside, 'tmp/below'), { recursive: true })
  await writeFile(join(outside, 'tmp/below/precious'), 'x')
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await machine.backup(['demo'])
  await mkdir(join(machine.state, 'demo/tmp/left by a killed run/deep'), { recursive: true })
  await writeFile(join(machine.state, 'demo/tmp/left.db'), 'x')
  await machine.backup(['demo'])
  assert.deepEqual(await readdir(join(machine.state, 'demo/tmp')), [])

  for (const [path, target] of [['demo/tmp', join(outside, 'tmp')], ['demo', outside]] as const) {
    await rm(join(machine.state, path), { recursive: true })
    await symlink(target, join(machine.state, path))
    await machine.anyStatus(['backup', 'demo'])
    assert.equal(await readFile(join(outside, 'tmp/below/precious'), 'utf8'), 'x')
  }
})
