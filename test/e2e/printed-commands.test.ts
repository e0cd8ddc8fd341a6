import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { RestoreRecord } from '../../src/runs/restore/restore-record.ts'
import { describeTree } from './describe-tree.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'

const awkward = 'the "shop\'s" $HOME `id` ; & new\\n%'

/**
 * Runs a command that Holdfast printed between double quotes, as somebody pastes it into a shell that knows nothing else. There is no
 * terminal to say yes on: that is given with it.
 */
async function paste(machine: Machine, text: string, what: string): Promise<void> {
  const [, command] = new RegExp(`"(holdfast (?:(?!"holdfast ).)*?restore --${what} .*?)"(?= brings|, or|\\.$)`, 'm').exec(text) ?? []
  assert.ok(command !== undefined, `no command with --${what} in:\n${text}`)
  const programs = join(machine.folder, 'bin')
  await mkdir(programs, { recursive: true })
  await symlink(launcher, join(programs, 'holdfast')).catch(() => undefined)
  const { HOLDFAST_STATE: _state, ...env } = machine.env
  await program('sh', 'dash', ['-c', `${command} --no-ask`], { cwd: '/', env: { ...env, PATH: `${programs}:${env['PATH'] ?? ''}` } })
}

test('commands that Holdfast prints to undo, finish or roll back a restore work as they stand, whatever signs the paths hold', async () => {
  await using machine = await newMachine()
  const app = join(machine.folder, awkward)
  await mkdir(app)
  await writeFile(join(app, 'file'), 'saved')
  await machine.configure({ apps: { demo: { root: app } }, place: machine.place })
  const given = ['--state', machine.state]
  await machine.holdfast([...given, 'backup', 'demo'])
  const saved = await describeTree(app)
  await writeFile(join(app, 'file'), 'changed')
  const changed = await describeTree(app)

  const { stdout } = await machine.holdfast([...given, 'restore', 'latest', '--no-ask'])
  assert.deepEqual(await describeTree(app), saved)
  await paste(machine, stdout, 'undo')
  assert.deepEqual(await describeTree(app), changed)

  for (const [what, after] of [['rollback', changed], ['resume', saved]] as const) {
    const { safety } = JSON.parse((await machine.holdfast([...given, 'restore', 'latest', '--no-ask', '--json'])).stdout)
    // As a kill at the last moment leaves it.
    using record = new RestoreRecord(safety)
    record.state = 'changing'
    const backup = await machine.holdfast([...given, 'backup', 'demo'], { status: 1 })
    assert.match(backup.stderr, /state\.unfinished-restore/)
    const restore = await machine.holdfast([...given, 'restore', 'latest', '--no-ask'], { status: 1 })
    const half = await describeTree(app)
    const unasked = await machine.holdfast([...given, 'restore', 'demo', `--${what}`], { status: 1 })
    assert.match(unasked.stderr, /nobody is there to be asked \[restore\.confirm\]/)
    assert.deepEqual(await describeTree(app), half, 'nobody has agreed')
    await paste(machine, what === 'resume' ? backup.stderr : restore.stderr, what)
    assert.deepEqual(await describeTree(app), after)
  }
  assert.equal(await readFile(join(app, 'file'), 'utf8'), 'saved')
})
