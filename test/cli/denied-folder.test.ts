import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { launcher, newMachine } from '../e2e/machine.ts'
import type { Machine } from '../e2e/machine.ts'
import type { Answer } from '../e2e/program.ts'
import { answerOf } from '../e2e/program.ts'

const nobody = 65_534
const statusSchema = z.object({ state: z.string(), reasons: z.array(z.object({ code: z.string(), severity: z.string() })) })

/** A machine of an ordinary user, whose place is the top of a disk: with root's `lost+found`. */
async function userMachine(): Promise<Machine> {
  const machine = await newMachine()
  writeFileSync(join(machine.app, 'file'), 'content')
  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 1 } } }, place: machine.place })
  mkdirSync(machine.state)
  for (const path of [machine.folder, machine.app, join(machine.app, 'file'), machine.place, machine.state, machine.home, machine.configFile]) chownSync(path, nobody, nobody)
  closedFolder(machine, 'lost+found')
  return machine
}

function closedFolder({ place }: Machine, name: string): void {
  mkdirSync(join(place, name))
  chmodSync(join(place, name), 0o700)
}

async function call(machine: Machine, args: readonly string[], status: number): Promise<Answer> {
  const answer = await answerOf(launcher, ['--config', machine.configFile, ...args], { cwd: '/', env: machine.env, uid: nobody, gid: nobody })
  assert.equal(answer.status, status, `${args.join(' ')}: ${answer.stdout}${answer.stderr}`)
  return answer
}

async function reasons(machine: Machine): Promise<readonly string[]> {
  const { stdout } = await answerOf(launcher, ['--config', machine.configFile, 'status', 'demo', '--json'], { cwd: '/', env: machine.env, uid: nobody, gid: nobody })
  return statusSchema.parse(JSON.parse(stdout)).reasons.map(({ code, severity }) => `${code}:${severity}`)
}

const archives = ({ place }: Machine): readonly string[] => readdirSync(place).filter((name) => name.endsWith('.tar.gz'))

test('an ordinary user keeps backups at the top of a disk, whose lost+found is root\'s', async () => {
  await using machine = await userMachine()
  await call(machine, ['backup', 'demo', '--format', 'tar.gz'], 0)
  await call(machine, ['backup', 'demo', '--format', 'tar.gz'], 0)
  assert.equal(archives(machine).length, 1, 'the rules were applied')
  assert.equal((await call(machine, ['list'], 0)).stderr, '')
  assert.deepEqual(await reasons(machine), [])
})

test('another folder that may not be read is told wherever points are shown; nothing is removed by rules, and status does not say that all is well', async () => {
  await using machine = await userMachine()
  await call(machine, ['backup', 'demo', '--format', 'tar.gz'], 0)
  closedFolder(machine, 'closed')
  const told = new RegExp(`note: ${join(machine.place, 'closed')} may not be read: restore points in it are not seen\\n`, 'g')
  const backup = await call(machine, ['backup', 'demo', '--format', 'tar.gz'], 3)
  assert.match(backup.stderr, /The rules of what to keep were not applied to .*closed may not be read/)
  assert.equal(archives(machine).length, 2, 'nothing was removed')
  for (const [args, status] of [[['list'], 0], [['verify', 'all'], 3], [['restore', 'latest', '--dry-run'], 0]] as const) {
    assert.equal((await call(machine, args, status)).stderr.match(told)?.length, 1, args.join(' '))
  }
  const refused = await call(machine, ['forget', '--keep-last', '1', '--no-ask'], 1)
  assert.match(refused.stderr, /\[vault\.unlisted\]/)
  assert.equal(archives(machine).length, 2)
  assert.deepEqual(await reasons(machine), ['vault-unreachable:warning', 'run-partial:warning'])
})

test('one plain-folder point that may not be read takes none of the others away, and is not called gone', async () => {
  await using machine = await userMachine()
  const { stdout } = await call(machine, ['backup', 'demo', '--format', 'folder', '--json'], 0)
  const [closed] = z.object({ snapshots: z.array(z.object({ key: z.string(), id: z.string() })) }).parse(JSON.parse(stdout)).snapshots
  assert.ok(closed !== undefined)
  chownSync(join(machine.place, closed.key), 0, 0)
  chmodSync(join(machine.place, closed.key), 0o700)
  await call(machine, ['backup', 'demo', '--format', 'tar.gz'], 3)
  const list = await call(machine, ['list'], 0)
  assert.match(list.stdout, /\.tar\.gz$/m)
  assert.match(list.stderr, new RegExp(`${closed.key} may not be read`))
  assert.deepEqual(await reasons(machine), ['vault-unreachable:warning', 'run-partial:warning'])
})
