import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'

async function machineWithFiles(): Promise<Machine> {
  const machine = await newMachine()
  await mkdir(join(machine.app, 'docs'))
  await writeFile(join(machine.app, 'docs/letter'), 'hello')
  await writeFile(join(machine.app, 'config.ini'), 'a = 1\n')
  return machine
}

test('the short forms back up, list, verify, restore, undo and forget without a configuration', async () => {
  await using machine = await machineWithFiles()
  const tree = await describeTree(machine.app)
  await machine.holdfast(['backup', machine.app, '--to', machine.place], { config: false })
  await machine.holdfast(['list', '--from', machine.place], { config: false })
  await machine.holdfast(['verify', 'latest', '--from', machine.place], { config: false })
  assert.match((await machine.holdfast(['status', machine.app, '--place', machine.place], { config: false })).stdout, / 1 restore point, the newest sound one of /)
  await machine.configure({ apps: {}, place: join(machine.folder, 'none') })
  assert.match((await machine.holdfast(['status', machine.app], { status: 1 })).stdout, /with --place you name the one that holds the restore points/)
  const other = join(machine.folder, 'other')
  await machine.holdfast(['restore', 'latest', '--from', machine.place, '--target', other, '--no-ask'], { config: false })
  assert.deepEqual(await describeTree(other), tree)

  await writeFile(join(other, 'docs/letter'), 'changed')
  await writeFile(join(other, 'added'), 'of later')
  const changed = await describeTree(other)
  const file = (await readdir(machine.place)).find((name) => name.endsWith('.tar.gz'))
  await machine.holdfast(['restore', join(machine.place, file ?? ''), '--target', other, '--no-ask'], { config: false })
  assert.deepEqual(await describeTree(other), tree, 'the folder holds what the point holds, and nothing else')
  await machine.holdfast(['restore', '--undo', '--target', other, '--no-ask'], { config: false })
  assert.deepEqual(await describeTree(other), changed)

  await machine.holdfast(['backup', machine.app, '--to', machine.place], { config: false })
  await machine.holdfast(['forget', '--from', machine.place, '--keep-last', '1', '--no-ask'], { config: false })
  assert.equal((await machine.points()).length, 1)
})

test('init makes the configuration that is named, and other commands do not take a name for one', async () => {
  await using machine = await machineWithFiles()
  const config = join(machine.folder, 'etc/new.yaml')
  const missing = await machine.holdfast(['--config', config, 'backup', 'demo', '--json'], { status: 1, config: false })
  assert.equal(JSON.parse(missing.stdout).error.code, 'config.missing')
  await machine.holdfast(['--config', config, 'init', machine.app, '--name', 'demo', '--to', machine.place, '--no-ask'], { config: false })
  await machine.holdfast(['--config', config, 'backup', 'demo'], { config: false })
  assert.equal((await machine.points()).length, 1)
})

test('init with a place of its own leaves the other applications where their restore points are', async () => {
  await using machine = await machineWithFiles()
  const [second, third] = ['second', 'third'].map((name) => join(machine.folder, name))
  for (const folder of [second, third]) await mkdir(folder ?? '')
  await machine.configure(`place: ${machine.place}\napps:\n  demo: {root: ${machine.app}} # the first\n`)
  const [point] = await machine.backup(['demo'])
  const places = async (): Promise<string[]> => (await machine.backup(['demo'])).map(({ key }) => key).filter((key) => existsSync(join(machine.place, key)))
  const { stderr } = await machine.holdfast(['init', second ?? '', '--to', join(machine.folder, 'elsewhere'), '--no-ask'])
  assert.match(stderr, /demo named no vaults .*: it names default now/)
  assert.match(await readFile(machine.configFile, 'utf8'), /root: .*demo.*vaults: \[ ?default ?\].*# the first/)
  assert.ok(JSON.stringify(await machine.json(['list', '--app', 'demo'])).includes(point?.id ?? 'none'))
  assert.equal((await places()).length, 1)
  await machine.holdfast(['init', third ?? '', '--to', join(machine.folder, 'third place'), '--no-ask'])
  assert.equal((await places()).length, 1, 'and of several vaults')
})

test('every command with --json prints one value and nothing else on standard output', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const commands = [
    ['backup', 'demo'], ['backup', 'demo', '--format', 'zip'], ['list'], ['show', 'latest'], ['verify', 'all'], ['diff'], ['status'], ['status', 'demo'], ['doctor'],
    ['restore', 'latest', '--dry-run'], ['restore', 'latest', '--target', join(machine.folder, 'new'), '--no-ask'], ['restore', '--undo', '--target', join(machine.folder, 'new'), '--no-ask'],
    ['forget', '--keep-last', '1', '--dry-run'], ['forget', '--keep-last', '1', '--no-ask'], ['init', machine.folder, '--name', 'all', '--no-ask'],
  ]
  for (const args of commands) {
    const { stdout, stderr, status } = await machine.anyStatus([...args, '--json'])
    assert.doesNotThrow(() => JSON.parse(stdout), `holdfast ${args.join(' ')} --json printed:\n${stdout}`)
    assert.equal(stderr, '', args.join(' '))
    assert.ok(status === 0 || status === 3, `${args.join(' ')}: ${stdout}`)
  }
  const failed = await machine.holdfast(['show', 'ffff', '--json'], { status: 1 })
  assert.equal(JSON.parse(failed.stdout).error.code, 'vault.unknown-point')
  assert.equal(failed.stderr, '')
})

test('without --json results are on standard output and everything else on standard error', async () => {
  await using machine = await machineWithFiles()
  const { stdout, stderr } = await machine.holdfast(['backup', machine.app, '--to', machine.place])
  assert.match(stdout, /^saved restore point [0-9a-f]{16} of demo\n {2}\/.*\/demo_.*\n {2}.*, verified\n/)
  assert.match(stderr, /^preparing …\nsaving files …\n/)
  assert.ok(!stderr.includes('\u001b') && !stderr.includes('\r'), 'no terminal, no escape sequences')
})

test('exit statuses tell scripts what happened', async () => {
  await using machine = await machineWithFiles()
  const { app, place } = machine
  assert.match((await machine.holdfast(['list', '--from', join(machine.folder, 'nowhere')], { status: 10 })).stderr, /There is no folder .*nowhere.*\[vault\.missing\]/)
  assert.match((await machine.holdfast(['backup', join(machine.folder, 'nothing'), '--to', place], { status: 1 })).stderr, /source\.missing/)
  await machine.holdfast(['backup', app, '--to', place, '--format', 'rar'], { status: 1 })
  await machine.holdfast(['backup', app, '--to', place, '--format', 'tar.gz'], { status: 1, env: { HOLDFAST_PASSWORD: 'x' } })
  assert.deepEqual(await readdir(place), [], 'a password is never dropped for a format without encryption')

  await machine.holdfast(['backup', app, '--to', place, '--format', 'zip'], { env: { HOLDFAST_PASSWORD: 'right' } })
  for (const env of [{ HOLDFAST_PASSWORD: 'wrong' }, {}]) {
    await machine.holdfast(['restore', 'latest', '--from', place, '--target', join(machine.folder, 'new'), '--no-ask'], { status: 12, env })
    await machine.holdfast(['verify', '--from', place], { status: 12, env })
  }
  assert.deepEqual((await readdir(machine.folder)).filter((name) => /new/.test(name)), [])

  const archive = (await readdir(place)).find((name) => name.endsWith('.zip')) ?? ''
  await truncate(join(place, archive), 300)
  await machine.holdfast(['verify', archive, '--from', place], { status: 1, env: { HOLDFAST_PASSWORD: 'right' } })
})

test('a second run of an application is refused with status 11 and names the first', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app, hooks: { 'live-before': [{ command: `touch ${machine.folder}/begun; until [ -e ${machine.folder}/go ]; do sleep 0.05; done` }] } } }, place: machine.place })
  const first = machine.holdfast(['backup', 'demo'])
  await until(async () => (await readdir(machine.folder)).includes('begun'))
  const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 11 })
  assert.match(stderr, /A backup of demo is at work \(process \d+, user root, since .*\) \[lock\.held\]\nwhat to do: Wait/)
  await writeFile(join(machine.folder, 'go'), '')
  await first
  assert.equal((await machine.points()).length, 1)
})

test('an interrupted backup ends with 130, leaves nothing behind, and is told as interrupted', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app, hooks: { frozen: [{ command: `touch ${machine.folder}/begun; tail -f ${machine.folder}/begun & wait` }] } } }, place: machine.place })
  let pid = 0
  const run = machine.holdfast(['backup', 'demo'], { status: 130, started: (started) => { pid = started } })
  await until(async () => (await readdir(machine.folder)).includes('begun'))
  process.kill(pid, 'SIGINT')
  const { stderr } = await run
  assert.match(stderr, /interrupted/)
  assert.deepEqual(await readdir(machine.place), [])
  assert.deepEqual(await readdir(join(machine.state, 'demo/tmp')), [])
  assert.match(await machine.journals('.ndjson'), /"outcome":"interrupted"/)
  assert.deepEqual(await processesWith(machine.folder), [], 'the hook and what it started are gone')
})

test('an interrupted restore ends with 130 and changes nothing', async () => {
  await using machine = await machineWithFiles()
  const hooks = { 'before-restore': [{ command: `touch ${machine.folder}/begun; tail -f ${machine.folder}/begun & wait` }] }
  await machine.configure({ apps: { demo: { root: machine.app, hooks } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'])
  await writeFile(join(machine.app, 'docs/letter'), 'changed')
  const tree = await describeTree(machine.app)
  let pid = 0
  const run = machine.holdfast(['restore', 'latest', '--no-ask'], { status: 130, started: (started) => { pid = started } })
  await until(async () => (await readdir(machine.folder)).includes('begun'))
  process.kill(pid, 'SIGINT')
  await run
  assert.deepEqual(await describeTree(machine.app), tree)
  assert.deepEqual((await readdir(machine.folder)).filter((name) => name.startsWith('.')), [], 'no work folder stays')
})

test('without a terminal nothing is asked, and what would overwrite needs --no-ask', async () => {
  await using machine = await machineWithFiles()
  await machine.holdfast(['backup', machine.app, '--to', machine.place])
  await writeFile(join(machine.app, 'docs/letter'), 'changed')
  const tree = await describeTree(machine.app)
  const { stderr } = await machine.holdfast(['restore', 'latest', '--from', machine.place], { status: 1 })
  assert.match(stderr, /That would overwrite \d+ and delete 0 files, and nobody is there to be asked \[restore\.confirm\]\nwhat to do: Give --no-ask in scripts/)
  assert.deepEqual(await describeTree(machine.app), tree)
  await machine.holdfast(['restore', 'latest', '--from', machine.place, '--target', join(machine.folder, 'new')])
  assert.equal(await readFile(join(machine.folder, 'new/docs/letter'), 'utf8'), 'hello')
  await rm(join(machine.folder, 'new'), { recursive: true })
})

test('a dry run of a restore names what would be written, overwritten and deleted, and does none of it', async () => {
  await using machine = await machineWithFiles()
  await machine.holdfast(['backup', machine.app, '--to', machine.place])
  await rm(join(machine.app, 'config.ini'))
  await writeFile(join(machine.app, 'docs/letter'), 'changed')
  await writeFile(join(machine.app, 'added'), '')
  const tree = await describeTree(machine.app)
  const { stdout } = await machine.holdfast(['restore', 'latest', '--from', machine.place, '--dry-run'])
  assert.match(stdout, /new +1: config\.ini\n +overwrite +1: docs\/letter\n +alike +1\n +delete +1: added\n/)
  assert.deepEqual(await describeTree(machine.app), tree)
})

test('a database that is not there makes the run partial: status 3, and the point is never called complete', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'sqlite', path: 'not-there.sqlite' }] } }, place: machine.place })
  const { stdout, stderr } = await machine.holdfast(['backup', 'demo'], { status: 3 })
  assert.match(stdout, /^saved, INCOMPLETE: restore point/)
  assert.match(stderr, /warning: not-there\.sqlite: /)
  assert.equal((await machine.points())[0]?.complete, false)
  await machine.holdfast(['status', 'demo'], { status: 1 })
})

test('the completion scripts are accepted by their shell', async () => {
  await using machine = await newMachine()
  const { stdout } = await machine.holdfast(['completion', 'bash'])
  const completed = await program('bash', 'bash', ['-c', `${stdout}\nCOMP_WORDS=(holdfast re); COMP_CWORD=1; _holdfast; echo "$COMPREPLY"`])
  assert.equal(completed.stdout, 'restore\n')
})

async function until(ready: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 30_000
  while (!await ready()) {
    if (Date.now() > giveUpAt) throw new Error('waited 30 seconds in vain')
    await sleep(20)
  }
}

/** Command lines of processes that name a path. */
async function processesWith(path: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(path)) found.push(line)
  }
  return found
}
