import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FolderProbe } from '../../src/disk/folder-probe.ts'
import type { Run } from '../../src/model/run.ts'
import { isProtected } from '../../src/policy/overview-sentence.ts'
import { configuredApplication } from '../../src/runs/application.ts'
import { Setup } from '../../src/runs/setup.ts'
import { AppBook } from '../../src/server/book/app-book.ts'
import { OpenVaults } from '../../src/server/book/open-vaults.ts'
import { newMachine } from '../e2e/machine.ts'

test('only what was seen of late counts: a place that hangs, a look that failed and one that was long ago are each told as no protection', async () => {
  await using machine = await newMachine()
  writeFileSync(join(machine.app, 'file'), 'x')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place, state: machine.state })
  await machine.backup(['demo'])
  const { signal } = new AbortController()
  await using setup = await Setup.load({ config: machine.configFile }, signal)
  const { config } = setup
  assert.ok(config !== undefined)
  const app = configuredApplication('demo', config, machine.place)
  const hangs = join(machine.folder, 'hangs')
  using probe = new FolderProbe({ limitMs: 300, keptMs: 0, command: ['/bin/sh', '-c', `while [ "$(cat ${hangs})" = "$1" ]; do sleep 0.05; done`, 'sh'] })
  writeFileSync(hangs, '')
  const run: Run = { signal, emit: () => undefined, now: () => new Date() }
  let steadyMs = 0
  const book = new AppBook([app], {
    setup, vaults: new OpenVaults(setup, probe), probe, run: () => run, now: () => new Date(), steadyMs: () => steadyMs, onLooked: async () => undefined,
    around: { expected: () => [], next: () => undefined, running: () => undefined, isQueued: () => false, unbegun: () => undefined, command: () => '' },
  })
  const verdict = (): readonly [boolean, string | undefined] => {
    const status = book.status('demo') ?? assert.fail()
    const jeedom = book.jeedom('demo')?.backup.local.error
    const [reason] = status.reasons
    assert.deepEqual([jeedom !== 0, book.card('demo')?.destinations[0]?.state === 'failed'], [reason !== undefined, reason !== undefined], 'all say the same')
    return [isProtected(status), reason === undefined ? undefined : `${reason.code}: ${reason.message}`]
  }
  const good = async (): Promise<void> => {
    await book.look('demo')
    assert.deepEqual(verdict(), [true, undefined])
  }
  await good()
  steadyMs += 15 * 60_000
  assert.deepEqual(verdict(), [true, undefined])
  steadyMs += 1
  assert.deepEqual(verdict(), [false, 'vault-unreachable: The vault default cannot be read: it was looked at last 15m ago'])
  await good()

  for (const [folder, reason] of [[machine.place, `vault-unreachable: The vault default cannot be read: ${machine.place} does not answer`], [machine.app, `vault-unreachable: The vault default cannot be read: it could not be looked at: ${machine.app} does not answer`]] as const) {
    writeFileSync(hangs, folder)
    if (folder === machine.place) await book.askPlaces()
    else await assert.rejects(book.look('demo'), { code: 'vault.silent' })
    assert.deepEqual(verdict(), [false, reason])
    writeFileSync(hangs, '')
    while (!await probe.answers(folder)) await sleep(50)
    await good()
  }

  renameSync(join(machine.state, 'demo'), join(machine.folder, 'demo-state'))
  writeFileSync(join(machine.state, 'demo'), '')
  await assert.rejects(book.look('demo'), { code: 'state.denied' })
  assert.match(verdict()[1] ?? '', /it could not be looked at: .*state\/demo cannot be used/)
  renameSync(machine.place, `${machine.place}-gone`)
  await assert.rejects(book.look('demo'), { code: 'state.denied' })
  assert.match(verdict()[1] ?? '', /There is no folder .*place/)
})
