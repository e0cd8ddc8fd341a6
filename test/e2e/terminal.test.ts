import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeTree } from './describe-tree.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const script = fileURLToPath(new URL('terminal.py', import.meta.url))

async function onTerminal(machine: Machine, question: string, answer: string, args: readonly string[]): Promise<Answer> {
  return await answerOf('python3', [script, question, answer, launcher, '--config', machine.configFile, ...args], { cwd: machine.folder, env: { ...machine.env, TERM: 'xterm' } })
}

test('on a terminal a bar shows how far it is, the rate and the time left', async () => {
  await using machine = await newMachine()
  for (let count = 0; count < 24; count++) await writeFile(join(machine.app, `file-${count}`), randomBytes(8 << 20))
  const { status, stdout } = await onTerminal(machine, '', '', ['backup', machine.app, '--to', machine.place, '--format', 'tar.gz'])
  assert.equal(status, 0, stdout)
  const lines = stdout.split('\r')
  assert.ok(lines.some((line) => /[█░]{20} +\d+ % {2}verifying {2}[\d.]+ MB of 201 MB.*\/s, \d+ s left/.test(line)), stdout.slice(0, 4000))
  assert.ok(lines.some((line) => /saving files {2}.*\d MB.*\d MB\/s/.test(line)), stdout.slice(0, 4000))
  assert.match(stdout, /saved.* restore point/)
})

test('on a terminal a restore shows its plan and asks; "no" changes nothing, Ctrl-C neither, "yes" restores', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'saved')
  await machine.holdfast(['backup', machine.app, '--to', machine.place])
  await writeFile(join(machine.app, 'letter'), 'changed since')
  const tree = await describeTree(machine.app)
  const args = ['restore', 'latest', '--from', machine.place]
  const no = await onTerminal(machine, 'Restore this?', 'n', args)
  assert.equal(no.status, 1, no.stdout)
  assert.match(no.stdout, /overwrite +1: letter/)
  assert.match(no.stdout, /nothing was changed/)
  assert.deepEqual(await describeTree(machine.app), tree)
  const enter = await onTerminal(machine, 'Restore this?', '\\r', args)
  assert.equal(enter.status, 1, 'the answer that needs no thought is no')
  assert.deepEqual(await describeTree(machine.app), tree)
  const interrupted = await onTerminal(machine, 'Restore this?', '\\x03', args)
  assert.equal(interrupted.status, 130, interrupted.stdout)
  assert.deepEqual(await describeTree(machine.app), tree)
  const yes = await onTerminal(machine, 'Restore this?', 'y', args)
  assert.equal(yes.status, 0, yes.stdout)
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'saved')
})
