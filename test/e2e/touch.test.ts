import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { launcher, newMachine, projectFolder } from './machine.ts'
import type { Machine } from './machine.ts'
import { answerOf, program } from './program.ts'

async function machineInUse(app: object = {}): Promise<Machine> {
  const machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.configure({ apps: { demo: { root: machine.app, ...app } }, place: machine.place })
  return machine
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 30_000
  while (!await ready()) {
    if (Date.now() > giveUpAt) throw new Error('waited 30 seconds in vain')
    await sleep(50)
  }
}

async function record(machine: Machine): Promise<{ doneDay?: string; failures?: number; triedAt?: string }> {
  return JSON.parse(await readFile(join(machine.state, 'demo/touch/touch.json'), 'utf8').catch(() => '{}'))
}

/** As if the last attempt had been some time ago. */
async function longAgo(machine: Machine): Promise<void> {
  const { doneDay: _gone, ...rest } = await record(machine)
  await writeFile(join(machine.state, 'demo/touch/touch.json'), JSON.stringify({ ...rest, triedAt: new Date(Date.now() - 86_400_000).toISOString() }))
}

const ended = async (machine: Machine, count: number): Promise<void> => await until(async () => {
  const names = await readdir(join(machine.state, 'demo/runs')).catch(() => [])
  const journals = await Promise.all(names.filter((name) => name.endsWith('.ndjson')).map(async (name) => await readFile(join(machine.state, 'demo/runs', name), 'utf8')))
  const { triedAt, failures, doneDay } = await record(machine)
  return journals.filter((journal) => journal.includes('"run.finished"')).length >= count && triedAt !== undefined && (doneDay !== undefined || (failures ?? 0) > 0)
})

test('of eight uses at the same moment, and all later ones, one starts the day\'s backup', async () => {
  await using machine = await machineInUse()
  const answers = await Promise.all(Array.from({ length: 8 }, async () => (await machine.holdfast(['touch', 'demo'])).stderr))
  assert.equal(answers.filter((said) => said.startsWith('a full backup of demo has begun in the background')).length, 1, answers.join(''))
  await ended(machine, 1)
  assert.equal((await machine.holdfast(['touch', 'demo'])).stderr, 'today\'s full backup of demo is there\n')
  assert.equal((await machine.points()).length, 1)
  assert.equal((await machine.points())[0]?.scope, 'full')
})

test('[OpenSTAManager] neither a partial nor a manual backup keeps the day\'s full one from being made', async () => {
  await using machine = await machineInUse({ parts: { attachments: ['/files/'] }, scope: 'partial' })
  await machine.holdfast(['backup', 'demo'])
  await machine.holdfast(['touch', 'demo'])
  await ended(machine, 2)
  assert.deepEqual((await machine.points()).map(({ scope }) => scope), ['full', 'partial'])
})

test('a failed one and an incomplete one do not count: a later use tries again, not before the time is up, and later each time', async () => {
  await using machine = await machineInUse({ hooks: { 'live-before': [{ command: 'echo no; exit 1' }] } })
  await machine.holdfast(['touch', 'demo'])
  await ended(machine, 1)
  assert.match((await machine.holdfast(['touch', 'demo'])).stderr, /^a backup of demo was begun at .*tried again after .* \(the last attempt failed: The live-before hook .*\[hook\.failed\]\)\n$/)
  assert.match(await machine.journals('.log'), /live-before: no\n/)
  await longAgo(machine)
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'sqlite', path: 'not-there' }] } }, place: machine.place })
  await machine.holdfast(['touch', 'demo'])
  await until(async () => (await record(machine)).failures === 2)
  const { until: next } = JSON.parse((await machine.holdfast(['touch', 'demo', '--json'])).stdout)
  assert.ok(Date.parse(next) - Date.now() > 55 * 60_000, 'an hour after the second failure')
  await longAgo(machine)
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await machine.holdfast(['touch', 'demo'])
  await until(async () => (await record(machine)).doneDay !== undefined)
  assert.equal((await record(machine)).failures, 0)
})

test('the caller is answered at once: its pipes are closed and its session left while the backup goes on', async () => {
  await using machine = await machineInUse({ hooks: { 'live-before': [{ command: `until [ -e ${'$HOLDFAST_ROOT'}/../go ]; do sleep 0.05; done` }] } })
  // The answer is whole only when all that holds its pipes has closed them: the backup, which waits, does not.
  await machine.holdfast(['touch', 'demo'])
  await until(async () => (await machine.journals('.ndjson').catch(() => '')).includes('live-hook'))
  const running = /"pid":(\d+)/.exec(await machine.journals('.ndjson'))?.[1] ?? ''
  const fields = (await readFile(`/proc/${running}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  assert.equal(fields[3], running, 'it leads a session of its own')
  assert.equal((await machine.anyStatus(['touch', 'demo', '--foreground'])).status, 11, 'never two at once')
  await writeFile(join(machine.folder, 'go'), '')
  await ended(machine, 1)
  assert.equal((await machine.points()).length, 1)
})

test('whatever is wrong, the caller is not failed; only a wrong call is', async () => {
  await using machine = await machineInUse()
  await machine.holdfast(['touch', 'unknown'], { status: 1 })
  await machine.holdfast(['touch', '--nonsense'], { status: 1 })
  await machine.holdfast(['touch', join(machine.folder, 'nowhere')], { status: 1 })
  await chmod(machine.configFile, 0o666)
  assert.match((await machine.holdfast(['touch', 'demo'])).stderr, /config\.unsafe/)
  await machine.configure({ apps: { demo: { root: machine.app, schedule: 'never' } } })
  assert.match((await machine.holdfast(['touch', 'demo'])).stderr, /config\.invalid/)
  await machine.configure({ apps: { demo: { root: machine.app } }, state: join(machine.configFile, 'state') })
  assert.match((await machine.holdfast(['touch', 'demo'], { env: { HOLDFAST_STATE: join(machine.configFile, 'state') } })).stderr, /state\.denied/)
})

test('a web server\'s user shares the state of the group, and is refused without a failure outside it', { skip: process.geteuid?.() !== 0 && 'only root can be another user' }, async () => {
  await using machine = await machineInUse()
  const gid = 61_234
  await chmod(machine.folder, 0o755)
  for (const path of [machine.state, machine.place]) {
    await mkdir(path, { recursive: true })
    await chown(path, 0, gid)
    await chmod(path, 0o2770)
  }
  await chmod(machine.configFile, 0o644)
  const asWeb = async (own: number): Promise<string> => {
    const { status, stderr } = await answerOf(launcher, ['--config', machine.configFile, 'touch', 'demo'], { uid: 61_234, gid: own, cwd: '/', env: { PATH: '/usr/bin:/bin', HOLDFAST_STATE: machine.state } })
    assert.equal(status, 0, stderr)
    return stderr
  }
  assert.match(await asWeb(61_235), /state\.denied/)
  assert.match(await asWeb(gid), /^a full backup of demo has begun/)
  await ended(machine, 1)
  assert.equal((await record(machine)).failures, 0, await machine.journals('.log'))
  assert.equal((await stat(join(machine.state, 'demo/touch/touch.json'))).gid, gid)
  assert.equal((await machine.holdfast(['touch', 'demo'])).stderr, 'today\'s full backup of demo is there\n')
})

test('the PHP snippet of the documentation starts one backup, delays no page, and breaks none without the program', async () => {
  await using machine = await machineInUse({ hooks: { 'live-before': [{ command: 'until [ -e ../go ]; do sleep 0.05; done' }] } })
  const page = await readFile(join(projectFolder, 'docs/how-to/touch.md'), 'utf8')
  const snippet = /```php\n([^]*?)```/.exec(page)?.[1] ?? ''
  assert.equal(snippet.trimEnd().split('\n').length, 2)
  const prepend = join(machine.folder, 'touch.php')
  const index = join(machine.folder, 'index.php')
  await writeFile(index, '<?php header("X-Page: 1"); echo "page ", get_defined_vars() === array_intersect_key(get_defined_vars(), $GLOBALS) ? "whole" : "";\n')
  const mark = join(machine.folder, 'holdfast-touch-osm')
  const ask = async (command: string, ...more: string[]): Promise<void> => {
    await writeFile(prepend, snippet.replace('/usr/local/bin/holdfast touch osm', command))
    const { stdout, stderr } = await program('php', 'php-cli', ['-d', 'display_errors=1', '-d', 'error_reporting=-1', '-d', `sys_temp_dir=${machine.folder}`, ...more, '-d', `auto_prepend_file=${prepend}`, index], { env: machine.env, cwd: '/' })
    assert.deepEqual([stdout, stderr], ['page whole', ''])
  }
  await ask('/nowhere/holdfast touch osm')
  await rm(mark)
  await ask('/nowhere/holdfast touch osm', '-d', 'disable_functions=exec')
  await assert.rejects(stat(mark), { code: 'ENOENT' })
  for (let visits = 0; visits < 3; visits++) await ask(`${launcher} --config ${machine.configFile} touch demo`)
  await until(async () => (await machine.journals('.ndjson').catch(() => '')).includes('live-hook'))
  await rm(mark)
  await ask(`${launcher} --config ${machine.configFile} touch demo`)
  await writeFile(join(machine.folder, 'go'), '')
  await ended(machine, 1)
  assert.equal((await machine.points()).length, 1)
})
