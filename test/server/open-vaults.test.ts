import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FolderProbe } from '../../src/disk/folder-probe.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Run } from '../../src/model/run.ts'
import { configuredApplication } from '../../src/runs/application.ts'
import { Setup } from '../../src/runs/setup.ts'
import { OpenVaults } from '../../src/server/book/open-vaults.ts'
import { newMachine } from '../e2e/machine.ts'

test('a place that many applications share is listed once for all of them, until it is forgotten', async () => {
  await using machine = await newMachine()
  const roots = ['one', 'two'].map((name) => join(machine.folder, name))
  for (const root of roots) mkdirSync(root)
  await machine.configure({ apps: { one: { root: roots[0] }, two: { root: roots[1] } }, place: machine.place, state: machine.state })
  const { signal } = new AbortController()
  await using setup = await Setup.load({ config: machine.configFile }, signal)
  const { config } = setup
  assert.ok(config !== undefined)
  using probe = new FolderProbe()
  const vaults = new OpenVaults(setup, probe)
  const [one] = await vaults.of(configuredApplication('one', config, machine.place))
  assert.ok(one !== undefined && !(one.vault instanceof AppError))
  assert.equal((await vaults.of(configuredApplication('two', config, machine.place)))[0]?.vault, one.vault)
  const run: Run = { signal, emit: () => undefined, now: () => new Date() }
  await machine.holdfast(['backup', 'one', '--no-ask'])
  const known = await vaults.list(one.vault, run)
  assert.equal(known.points.length, 1)
  await machine.holdfast(['backup', 'two', '--no-ask'])
  assert.equal(await vaults.list(one.vault, run), known, 'a list of a moment ago')
  vaults.forget([one])
  assert.equal((await vaults.list(one.vault, run)).points.length, 2)
})
