import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const script = fileURLToPath(new URL('dialog.py', import.meta.url))
const enter = '\r'

type Dialog = readonly (readonly [question: string, answer: string, file?: string])[]

function onTerminal(dialog: Dialog, command: readonly string[]): readonly string[] {
  return ['python3', script, '30', '160', JSON.stringify(dialog), launcher, ...command]
}

async function ask(machine: Machine, dialog: Dialog, args: readonly string[]): Promise<Answer> {
  const [command = '', ...rest] = onTerminal(dialog, args)
  return await answerOf(command, rest, { cwd: machine.folder, env: { ...machine.env, TERM: 'xterm' } })
}

test('init asks before it writes: "no" and the answer that needs no thought write nothing, "yes" adds the application', async () => {
  await using machine = await newMachine()
  const config = join(machine.folder, 'etc/holdfast.yaml')
  const place = join(machine.folder, 'archives')
  const init = ['--config', config, 'init', machine.app, '--to', place]
  const earlier = await readdir(machine.folder)
  for (const answer of ['n', enter]) {
    const { status, stdout } = await ask(machine, [['Add it?', answer]], init)
    assert.notEqual(status, 0, stdout)
    assert.match(stdout, new RegExp(`${machine.app}: generic, to be added as "demo" to ${config}`))
    assert.match(stdout, /Nothing was changed/)
    assert.deepEqual(await readdir(machine.folder), earlier)
    assert.deepEqual(await readdir(machine.home), [])
  }
  const { status, stdout } = await ask(machine, [['Add it?', 'y']], init)
  assert.equal(status, 0, stdout)
  assert.equal(parse(await readFile(config, 'utf8')).apps.demo.root, machine.app)
})

test('forget says which points would go and asks: "no" and the answer that needs no thought remove nothing, "yes" removes them', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  const [older] = await machine.backup([machine.app, '--to', machine.place])
  const [newer] = await machine.backup([machine.app, '--to', machine.place])
  const earlier = await readdir(machine.place)
  for (const args of [['--keep-last', '1'], [older?.id ?? '']]) {
    for (const answer of ['n', enter]) {
      const { status, stdout } = await ask(machine, [['Remove 1 restore point for good?', answer]], ['forget', '--from', machine.place, ...args])
      assert.equal(status, 1, stdout)
      assert.match(stdout, new RegExp(`remove .*${older?.id}`))
      assert.doesNotMatch(stdout, new RegExp(newer?.id ?? 'x'))
      assert.match(stdout, /Nothing was removed/)
      assert.deepEqual(await readdir(machine.place), earlier)
    }
  }
  const { status, stdout } = await ask(machine, [['Remove 1 restore point for good?', 'y']], ['forget', '--from', machine.place, '--keep-last', '1'])
  assert.equal(status, 0, stdout)
  assert.deepEqual((await machine.points()).map(({ id }) => id), [newer?.id])
})

test('a restore asks again where a file came while its plan was read: only what was shown is removed', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.backup([machine.app, '--to', machine.place])
  const restore = ['restore', 'latest', '--from', machine.place]
  const { status, stdout } = await ask(machine, [['Restore this?', 'y', join(machine.app, 'thesis')], ['has changed since the plan', ''], ['delete     1: thesis', ''], ['Restore this?', 'n']], restore)
  assert.equal(status, 1, stdout)
  assert.deepEqual(await readdir(machine.app), ['letter', 'thesis'])
})

for (const [answer, isKept] of [['y', true], ['n', false], [enter, false]] as const) {
  test(`on a machine without a configuration, a restore shows the hooks of the point, and ${isKept ? 'keeps them when told so' : `drops them on ${answer === enter ? 'the answer that needs no thought' : '"no"'}`}`, async () => {
    await using machine = await newMachine()
    await writeFile(join(machine.app, 'letter'), 'hello')
    const [after, afterRestore] = [join(machine.folder, 'after-ran'), join(machine.folder, 'after-restore-ran')]
    await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 5 }, hooks: { after: [{ command: ['touch', after] }], 'after-restore': [{ command: ['touch', afterRestore] }] } } }, place: machine.place })
    await machine.backup(['demo'])
    for (const path of [machine.app, machine.state, machine.configFile, after]) await rm(path, { recursive: true })
    const { status, stdout } = await onNewMachine(machine, [['Keep these hooks?', answer], ['Restore this?', 'y']], ['restore', 'latest', '--from', machine.place])
    assert.equal(status, 0, stdout)
    assert.ok(stdout.indexOf(after) < stdout.indexOf('Keep these hooks?'), 'they are shown before they are asked about')
    assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'hello')
    const text = await readFile(join(machine.folder, 'fresh/holdfast/holdfast.yaml'), 'utf8')
    const { root, keep, hooks } = parse(text).apps.demo
    assert.deepEqual([root, keep], [machine.app, { last: 5 }])
    assert.deepEqual(Object.keys(hooks ?? {}).sort(), isKept ? ['after', 'after-restore'] : [])
    assert.equal(text.includes(after), isKept)
    assert.deepEqual((await readdir(machine.folder)).filter((name) => name.endsWith('-ran')), [], 'no hook of the archive ran in the restore that brought it')

    // The configuration that came back is one that the next backup runs with.
    await machine.configure(text)
    await machine.backup(['demo', '--to', machine.place])
    assert.equal((await readdir(machine.folder)).includes('after-ran'), isKept)
  })
}

/** In a mount namespace of its own, where nothing of Holdfast's is in /etc and /var; what came into /etc is copied to `fresh`. */
async function onNewMachine(machine: Machine, dialog: Dialog, args: readonly string[]): Promise<Answer> {
  const fresh = join(machine.folder, 'fresh')
  for (const folder of ['etc', 'etc-work', 'var', 'var-work']) await mkdir(join(fresh, folder), { recursive: true })
  const overlay = (path: string): string => `mount -t overlay overlay -o lowerdir=/${path},upperdir=${fresh}/${path},workdir=${fresh}/${path}-work /${path}`
  const line = `set -e; ${overlay('etc')}; ${overlay('var')}; rm -rf /etc/holdfast /var/lib/holdfast /var/backups/holdfast; "$@"; cp -r /etc/holdfast ${fresh}/`
  return await answerOf('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', line, 'sh', ...onTerminal(dialog, args)], { cwd: '/', env: { PATH: machine.env['PATH'] ?? '', HOME: machine.home, LANG: 'C.UTF-8', TERM: 'xterm' } })
}
