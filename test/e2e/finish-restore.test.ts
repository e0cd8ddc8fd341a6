import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newMachine } from './machine.ts'

test('undo only says what it would do when it is asked to, and takes no options that it would not heed', async () => {
  await using machine = await newMachine()
  const file = join(machine.app, 'a')
  writeFileSync(file, 'saved')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const [point] = await machine.backup(['demo'])
  writeFileSync(file, 'before the restore')
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  writeFileSync(file, 'after the restore')

  const said = await machine.json(['restore', 'demo', '--undo', '--dry-run'])
  assert.equal(JSON.stringify(said).includes(point?.id ?? ''), true)
  assert.match((await machine.holdfast(['restore', 'demo', '--undo', '--dry-run'])).stdout, new RegExp(`from ${point?.id} .* would be undone: what it replaced would come back, and what was changed since would be lost`))
  assert.equal(readFileSync(file, 'utf8'), 'after the restore', 'nothing was done')
  for (const option of [['--only', 'files'], ['--path', 'a'], ['--owner', 'none'], ['--trust-hooks']]) {
    const { stdout } = await machine.holdfast(['restore', 'demo', '--undo', ...option, '--json'], { status: 1 })
    assert.equal(stdout === '' || JSON.parse(stdout).error.code === 'usage', true, stdout)
    assert.equal(readFileSync(file, 'utf8'), 'after the restore', option.join(' '))
  }
  for (const option of [[], ['--json']]) {
    const { stdout, stderr } = await machine.holdfast(['restore', 'demo', '--undo', ...option], { status: 1 })
    assert.match(`${stdout}${stderr}`, /restore\.confirm/)
    assert.match(`${stdout}${stderr}`, /what was changed since would be lost, and nobody is there to be asked/)
    assert.equal(readFileSync(file, 'utf8'), 'after the restore', 'nobody has agreed')
  }
  await machine.holdfast(['restore', 'demo', '--undo', '--no-ask'])
  assert.equal(readFileSync(file, 'utf8'), 'before the restore')
})
