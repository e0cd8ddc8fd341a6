import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const script = fileURLToPath(new URL('dialog.py', import.meta.url))
const [down, enter, interrupt] = ['\u001b[B', '\r', '\u0003']

async function inMenu(machine: Machine, dialog: readonly (readonly [question: string, answer: string])[], { rows = 24, columns = 80, args = ['--config', machine.configFile, 'menu'] } = {}): Promise<Answer> {
  return await answerOf('python3', [script, String(rows), String(columns), JSON.stringify(dialog), launcher, ...args], { cwd: machine.folder, env: { ...machine.env, TERM: 'xterm' } })
}

test('the menu backs up, restores a chosen point after its plan was agreed to, lists and leaves, and shows each command', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'saved')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'])
  await writeFile(join(machine.app, 'letter'), 'changed')
  const { status, stdout } = await inMenu(machine, [
    ['Quit', enter],
    ['backup demo', ''],
    ['Quit', `${down}${enter}`],
    // The newest is first; the one before it is wanted.
    ['Restore which one?', `${down}${enter}`],
    ['Restore this?', 'y'],
    ['brings it back', ''],
    ['Quit', `${down}${down}${enter}`],
    ['list demo', ''],
    ['Quit', `${down}${down}${down}${down}${down}${down}${enter}`],
  ])
  assert.equal(status, 0, stdout)
  assert.match(stdout, /holdfast --config \S+ backup demo/)
  assert.match(stdout, /holdfast --config \S+ restore [0-9a-f]{16} --app demo/)
  assert.match(stdout, /overwrite +1: letter/)
  assert.match(stdout, /holdfast --config \S+ list demo/)
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'saved')
  assert.equal((await machine.points()).length, 2)
})

test('on a small terminal, of a folder without a configuration: an error leads back to the menu, Ctrl-C one step back, then out', async () => {
  await using machine = await newMachine()
  const { status, stdout } = await inMenu(machine, [
    ['Run backup', `${down}${down}${down}${enter}`],
    ['There are no restore points here', ''],
    ['Run backup', `${down}${down}${down}${down}${enter}`],
    ['Every day at a time', `${down}${enter}`],
    ['At what time?', interrupt],
    ['Run backup', interrupt],
  ], { rows: 14, columns: 40, args: ['menu', machine.app] })
  assert.equal(status, 0, stdout)
  assert.match(stdout, /Bye\./)
  assert.ok(stdout.trimEnd().endsWith('\u001b[?25h') || !stdout.includes('\u001b[?25l') || stdout.lastIndexOf('\u001b[?25h') > stdout.lastIndexOf('\u001b[?25l'), 'the cursor is shown again')
})

test('of several applications one is chosen first', async () => {
  await using machine = await newMachine()
  await mkdir(join(machine.folder, 'other'))
  await machine.configure({ apps: { demo: { root: machine.app }, other: { root: join(machine.folder, 'other') } }, place: machine.place })
  const { status, stdout } = await inMenu(machine, [['Which application?', `${down}${enter}`], ['Quit', enter], ['backup other', ''], ['Quit', interrupt]])
  assert.equal(status, 0, stdout)
  assert.deepEqual((await machine.points()).map(({ app }) => app), ['other'])
})

test('without a terminal, and where nothing may be asked, the menu is a usage error', async () => {
  await using machine = await newMachine()
  for (const args of [['menu'], ['menu', '--no-ask'], ['menu', '--json']]) {
    const { stdout, stderr } = await machine.holdfast(args, { status: 1 })
    assert.match(stdout + stderr, /The menu needs a terminal/)
  }
})
