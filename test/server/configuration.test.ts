import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Configuration } from '../../src/server/configuration.ts'
import { heldWhileRead } from '../../src/server/http/held-while-read.ts'
import { newMachine } from '../e2e/machine.ts'

async function isGone(path: string): Promise<boolean> {
  for (let left = 40; left > 0 && existsSync(path); left--) await sleep(25)
  return !existsSync(path)
}

test('what a download reads from stays until it has been read or given up, also where the configuration is changed meanwhile', async (t) => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place, state: machine.state })
  await using configuration = await Configuration.open({ config: machine.configFile }, new AbortController().signal)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const finish of ['read', 'given up', 'without a body'] as const) {
    const folder = await configuration.setup.tempFolder()
    const download = heldWhileRead(new Response('abc'), configuration.hold())
    await configuration.reload()
    t.mock.timers.tick(60_000)
    await new Promise(setImmediate)
    assert.ok(existsSync(folder), 'somebody still reads')
    if (finish === 'read') assert.equal(await download.text(), 'abc')
    else if (finish === 'given up') await download.body?.cancel()
    else {
      await download.text()
      heldWhileRead(new Response(null, { status: 204 }), configuration.hold())
    }
    assert.ok(await isGone(folder), finish)
  }
  const unused = await configuration.setup.tempFolder()
  await configuration.reload()
  t.mock.timers.tick(59_999)
  await new Promise(setImmediate)
  assert.ok(existsSync(unused), 'a minute for whoever holds nothing')
  t.mock.timers.tick(1)
  assert.ok(await isGone(unused))
})
