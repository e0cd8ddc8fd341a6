import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const script = fileURLToPath(new URL('dialog.py', import.meta.url))
const [down, enter, interrupt, backspace] = ['\u001b[B', '\r', '\u0003', '\u007f']

type InMenu = { readonly rows?: number; readonly columns?: number; readonly args?: readonly string[]; readonly as?: { readonly uid?: number; readonly gid?: number }; readonly path?: string }

async function inMenu(machine: Machine, dialog: readonly (readonly [question: string, answer: string])[], { rows = 24, columns = 80, args = ['--config', machine.configFile, 'menu'], as = {}, path = machine.env['PATH'] ?? '' }: InMenu = {}): Promise<Answer> {
  return await answerOf('python3', [script, String(rows), String(columns), JSON.stringify(dialog), launcher, ...args], { cwd: machine.folder, env: { ...machine.env, PATH: path, TERM: 'xterm' }, ...as })
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

test('it verifies the point that is chosen, or all of them, and says what came of it', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'saved')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const [older] = await machine.backup(['demo'])
  assert.ok(older !== undefined)
  const [newer] = await machine.backup(['demo'])
  // What the older one holds is no more what it was.
  const bytes = await readFile(join(machine.place, older.key))
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 255
  await writeFile(join(machine.place, older.key), bytes)
  const verify = `${down}${down}${down}${enter}`
  const { status, stdout } = await inMenu(machine, [
    ['Quit', verify], ['Verify which one?', enter], [`verify ${newer?.id}`, ''],
    ['Quit', verify], ['Verify which one?', `${down}${enter}`], [`verify ${older.id}`, ''], ['It ended with status', ''],
    ['Quit', verify], ['all of them', `${down}${down}${enter}`], ['verify all', ''], ['It ended with status', ''],
    ['Quit', verify], ['Verify which one?', interrupt],
    ['Quit', interrupt],
  ])
  assert.equal(status, 0, stdout)
  assert.equal(stdout.split('It ended with status').length, 3, 'the newer one alone is whole')
  assert.match(stdout, new RegExp(`verify ${newer?.id} --app demo`))
  assert.match(stdout, /verify all --app demo/)
})

test('it installs a daily backup at a time that is asked for until it is one, shows it and takes it away', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const crontab = join(machine.folder, 'crontab')
  const bin = join(machine.folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'crontab'), `#!/bin/sh\ncase $1 in\n-l) [ -e '${crontab}' ] && exec cat '${crontab}'; echo "no crontab for daemon" >&2; exit 1 ;;\n-r) rm '${crontab}' ;;\n-) cat > '${crontab}' ;;\nesac\n`)
  await chmod(join(bin, 'crontab'), 0o755)
  // As an ordinary user, so that nothing of this machine is written.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) for (const path of [machine.folder, machine.home, machine.configFile, machine.app, machine.place]) await chown(path, 1, 1)
  const options: InMenu = { path: `${bin}:/usr/bin:/bin`, ...(isRoot ? { as: { uid: 1, gid: 1 } } : {}) }
  const schedule = `${down}${down}${down}${down}${enter}`
  const installed = await inMenu(machine, [
    ['Quit', schedule], ['Every day at a time', `${down}${enter}`],
    ['At what time?', `${backspace.repeat(5)}25:00${enter}`], ['Write a time such as 03:00.', `${backspace.repeat(5)}4:05${enter}`],
    ['installed in crontab', ''],
    ['Quit', schedule], ['Show what is scheduled', enter], ['5 4 * * *', ''],
    ['Quit', interrupt],
  ], options)
  assert.equal(installed.status, 0, installed.stdout)
  assert.match(installed.stdout, /schedule install --app demo --time 4:05/)
  assert.match(await readFile(crontab, 'utf8'), /^5 4 \* \* \* .*backup demo --no-ask/m)

  const removed = await inMenu(machine, [['Quit', schedule], ['No more', `${down}${down}${enter}`], ['removed: demo', ''], ['Quit', schedule], ['Show what is scheduled', `${down}${down}${down}${enter}`], ['Quit', interrupt]], options)
  assert.equal(removed.status, 0, removed.stdout)
  assert.ok(!(await readdir(machine.folder)).includes('crontab'))
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
