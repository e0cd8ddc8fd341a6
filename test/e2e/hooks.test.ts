import assert from 'node:assert/strict'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const moments = ['live-before', 'frozen', 'after', 'on-failure', 'before-restore', 'after-restore'] as const

/** Each hook appends its environment to a file outside the application, and says something on both outputs. */
function tellingHooks(machine: Machine, more: Partial<Record<(typeof moments)[number], string>> = {}): Record<string, unknown> {
  return Object.fromEntries(moments.map((moment) => [moment, [{
    command: `{ env | grep ^HOLDFAST_ | sort; echo "cwd $PWD"; echo; } >> ${machine.folder}/told; echo "said by ${moment}"; echo "complained by ${moment}" >&2${more[moment] === undefined ? '' : `; ${more[moment]}`}`,
  }]]))
}

async function told(machine: Machine): Promise<Record<string, string>[]> {
  const text = await readFile(join(machine.folder, 'told'), 'utf8')
  return text.split('\n\n').filter((part) => part !== '').map((part) => Object.fromEntries(part.split('\n').map((line) => {
    const [name = '', ...value] = line.split(/[= ]/)
    return [name, value.join('=')]
  })))
}

test('hooks run at their six moments, in order, with the documented environment, and their output is in the log', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app, hooks: tellingHooks(machine) } }, place: machine.place })
  const [point] = await machine.backup(['demo'], { env: { CANARY: 'not passed on' } })
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  await machine.configure({ apps: { demo: { root: machine.app, hooks: tellingHooks(machine, { frozen: 'exit 7' }) } }, place: machine.place })
  const failed = await machine.holdfast(['backup', 'demo'], { status: 1 })
  assert.match(failed.stderr, /The frozen hook ".*" failed: .*status 7.*\[hook\.failed\]/s)

  const calls = await told(machine)
  assert.deepEqual(calls.map((call) => call['HOLDFAST_MOMENT']), ['live-before', 'frozen', 'after', 'before-restore', 'after-restore', 'live-before', 'frozen', 'on-failure'])
  for (const call of calls) {
    assert.equal(call['HOLDFAST_APP'], 'demo')
    assert.equal(call['HOLDFAST_ROOT'], machine.app)
    assert.equal(call['cwd'], machine.app)
    assert.match(call['HOLDFAST_RUN'] ?? '', /^[0-9a-f]{16}$/)
    assert.equal(call['HOLDFAST_WARNINGS'], '0')
  }
  assert.deepEqual(calls.map((call) => call['HOLDFAST_KIND']), ['backup', 'backup', 'backup', 'restore', 'restore', 'backup', 'backup', 'backup'])
  assert.deepEqual([calls[2]?.['HOLDFAST_POINT'], calls[2]?.['HOLDFAST_FILE']], [point?.id, point?.key])
  assert.deepEqual([calls[3]?.['HOLDFAST_POINT'], calls[3]?.['HOLDFAST_TARGET']], [point?.id, machine.app])
  assert.match(calls[7]?.['HOLDFAST_ERROR'] ?? '', /frozen/)

  const log = await machine.journals('.log')
  for (const moment of moments) {
    assert.match(log, new RegExp(`  ${moment}: said by ${moment}\n`))
    assert.match(log, new RegExp(`  ${moment}: complained by ${moment}\n`))
  }
})

test('a hook over its time limit is ended with everything that it started, and the failure hook runs', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  const command = `tail -f ${machine.configFile} & (trap '' TERM; tail -f ${machine.configFile}) & wait`
  await machine.configure({ apps: { demo: { root: machine.app, hooks: { 'live-before': [{ command, timeout: '1s' }], 'on-failure': [{ command: `echo "$HOLDFAST_ERROR" > ${machine.folder}/told` }] } } }, place: machine.place })
  const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 1 })
  assert.match(stderr, /did not finish within 1 seconds? and was ended/)
  assert.match(await readFile(join(machine.folder, 'told'), 'utf8'), /did not finish/)
  const alive: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.startsWith('tail') && line.includes(machine.folder)) alive.push(line)
  }
  assert.deepEqual(alive, [])
  assert.deepEqual(await readdir(machine.place), [])
})

test('a hook with onError: warn makes the run partial, and the point is there', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app, hooks: { 'live-before': [{ command: ['false'], onError: 'warn' }] } } }, place: machine.place })
  const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 3 })
  assert.match(stderr, /warning: The live-before hook "false" failed/)
  assert.equal((await machine.points()).length, 1)
})

test('a before-restore hook that fails keeps the restore from changing anything, and what it stopped is started again', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'saved')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await machine.backup(['demo'])
  await writeFile(join(machine.app, 'file'), 'live')
  await machine.configure({ apps: { demo: { root: machine.app, hooks: tellingHooks(machine, { 'before-restore': 'exit 1' }) } }, place: machine.place })
  await machine.holdfast(['restore', 'latest', '--no-ask'], { status: 1 })
  assert.equal(await readFile(join(machine.app, 'file'), 'utf8'), 'live')
  assert.deepEqual((await told(machine)).map((call) => call['HOLDFAST_MOMENT']), ['before-restore', 'after-restore'])
})

test('an after-restore hook that fails as well does not hide why the restore failed', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'saved')
  const hooks = { 'before-restore': [{ command: 'exit 3' }], 'after-restore': [{ command: 'exit 4' }] }
  await machine.configure({ apps: { demo: { root: machine.app, hooks } }, place: machine.place })
  await machine.backup(['demo'])
  const { stderr } = await machine.holdfast(['restore', 'latest', '--no-ask'], { status: 1 })
  assert.match(stderr, /error: The before-restore hook .*\(status 3\)/)
  assert.match(stderr, /warning: The after-restore hook .*\(status 4\)/)
})

test('a backup whose folder is gone is a run that failed, with its hook; a folder that nobody ever backed up is only a wrong name', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app, hooks: tellingHooks(machine) } }, place: machine.place })
  await machine.backup(['demo'])
  await rename(machine.app, `${machine.app}-gone`)
  assert.match((await machine.holdfast(['backup', 'demo'], { status: 1 })).stderr, /\[source\.missing\]/)
  const last = (await told(machine)).at(-1)
  assert.deepEqual([last?.['HOLDFAST_MOMENT'], last?.['HOLDFAST_KIND'], last?.['cwd']], ['on-failure', 'backup', '/'])
  assert.match((await machine.anyStatus(['status', 'demo'])).stdout, /The last backup .* failed: There is no folder/)
  const runs = async (): Promise<number> => (await readdir(machine.state, { recursive: true })).filter((name) => name.endsWith('.ndjson')).length
  const before = await runs()
  await machine.holdfast(['backup', join(machine.folder, 'nowhere'), '--to', machine.place], { status: 1 })
  await machine.holdfast(['backup', 'demo', '--without', 'nothing'], { status: 1 })
  await rename(`${machine.app}-gone`, machine.app)
  await machine.holdfast(['backup', 'demo', '--without', 'nothing'], { status: 1 })
  assert.equal(await runs(), before + 1, 'of a folder that is gone it is told each time; what the command line mistook is no failure')
})
