import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import { configSchema } from '../../src/config/config-schema.ts'
import type { RunEventBody } from '../../src/model/run-event.ts'
import type { Vault } from '../../src/model/vault.ts'
import { configuredApplication } from '../../src/runs/application.ts'
import { openAppState } from '../../src/runs/app-state.ts'
import { backupApplication } from '../../src/runs/backup-application.ts'
import type { NamedVault } from '../../src/runs/backup.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { recordingRun } from '../fixtures/recording-run.ts'

const finding = 'scan has other content than its record tells'

/** An application with a rule that would remove every older point, a hook for failures, and vaults of which some find damage. */
class Stand implements AsyncDisposable {
  readonly folder: string
  readonly #vaults: Vault[] = []

  constructor(folder: string) {
    this.folder = folder
  }

  place(name: string): string {
    return join(this.folder, name)
  }

  /** With `findings` its checks tell of damage, as a disk that loses what was written would make them. */
  async vault(name: string, findings: 'none' | 'some'): Promise<NamedVault> {
    await mkdir(this.place(name), { recursive: true })
    const vault = await openArchiveVault({ storage: await openLocalStorage({ root: this.place(name) }), format: 'tar.gz' })
    this.#vaults.push(vault)
    return { name, place: this.place(name), vault: findings === 'none' ? vault : findingDamage(vault) }
  }

  async backup(vaults: readonly NamedVault[], verify = true): Promise<Awaited<ReturnType<typeof backupApplication>> & { readonly events: readonly RunEventBody[] }> {
    const root = join(this.folder, 'demo')
    const config = configSchema.parse({ apps: { demo: { root, keep: { last: 1 }, hooks: { after: [{ command: ['touch', join(this.folder, 'after')] }], 'on-failure': [{ command: `echo "$HOLDFAST_ERROR" > ${this.folder}/failed` }] } } } })
    const events: RunEventBody[] = []
    const context = { signal: new AbortController().signal, onEvent: (event: RunEventBody): void => { events.push(event) }, now: () => new Date() }
    const result = await backupApplication(configuredApplication('demo', config, this.place('default')), vaults, [], { slots: ['dated'], without: [], databaseOnly: false, verify, nameGiven: false }, await openAppState(join(this.folder, 'state'), 'demo'), context)
    return { ...result, events }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const vault of this.#vaults) await vault[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true })
  }
}

async function newStand(): Promise<Stand> {
  const stand = new Stand(await mkdtemp(join(tmpdir(), 'holdfast-damaged-')))
  await mkdir(join(stand.folder, 'demo'))
  await writeFile(join(stand.folder, 'demo/scan'), 'a scan')
  return stand
}

function findingDamage(vault: Vault): Vault {
  return {
    ...passedOn(vault),
    async *check(id) {
      yield { id, code: 'archive.damaged', message: finding }
    },
  }
}

function passedOn(vault: Vault): Vault {
  return {
    snapshots: async (run) => await vault.snapshots(run),
    manifest: async (id, run) => await vault.manifest(id, run),
    open: (id, selection, run, what) => vault.open(id, selection, run, what),
    extract: async (id, selection, writer, run) => { await vault.extract(id, selection, writer, run) },
    save: async (entries, about, run, allRead) => await vault.save(entries, about, run, allRead),
    mark: async (id, ok, run) => { await vault.mark(id, ok, run) },
    remove: async (ids, run) => { await vault.remove(ids, run) },
    [Symbol.asyncDispose]: async () => { await vault[Symbol.asyncDispose]() },
    check: (id, depth, run) => vault.check(id, depth, run),
  }
}

test('a new archive that does not read back fails the run, is marked as damaged, and thins nothing out', async () => {
  await using stand = await newStand()
  const sound = await stand.backup([await stand.vault('nas', 'none')])
  assert.deepEqual([sound.report.outcome, sound.snapshots.length], ['ok', 1])
  await rm(join(stand.folder, 'after'))

  const vault = await stand.vault('nas', 'some')
  const { report, error, snapshots, events } = await stand.backup([vault])
  assert.equal(report.outcome, 'failed')
  assert.equal(error?.code, 'archive.damaged')
  assert.match(error?.message ?? '', new RegExp(`was written, but does not read back as it should: ${finding}`))
  assert.deepEqual(snapshots, [])
  assert.deepEqual(report.verified.map(({ ok }) => ok), [false])
  assert.ok(events.some((event) => event.type === 'run.finished' && event.outcome === 'failed' && event.error?.code === 'archive.damaged'))
  assert.match(await readFile(join(stand.folder, 'failed'), 'utf8'), /does not read back/)
  assert.ok(!(await readdir(stand.folder)).includes('after'), 'the hook for a success does not run')

  const points = await vault.vault.snapshots(recordingRun())
  assert.equal(points.length, 2, 'the sound one stays, against keep: {last: 1}, and the damaged one as evidence')
  assert.deepEqual(points.map(({ damagedAt, verifiedAt }) => [damagedAt !== undefined, verifiedAt !== undefined]), [[true, false], [false, true]])
})

test('where another vault has a point that reads back, the damage in the one is a warning, and the run is partial', async () => {
  await using stand = await newStand()
  const vaults = [await stand.vault('nas', 'some'), await stand.vault('disk', 'none')]
  const { report, error, snapshots } = await stand.backup(vaults)
  assert.equal(error, undefined)
  assert.equal(report.outcome, 'partial')
  assert.deepEqual(report.warnings.map(({ code }) => code), ['archive.damaged'])
  assert.match(report.warnings[0]?.message ?? '', /The vault "nas" failed: .*does not read back/)
  assert.deepEqual(snapshots.map(({ vault, verifiedAt }) => [vault, verifiedAt !== undefined]), [['disk', true]])
})

test('what did not read back in one vault is no source for the next, which gets the application itself', async () => {
  await using stand = await newStand()
  const nas = await stand.vault('nas', 'none')
  // The disk of the first vault turns a bit of what was written.
  const broken: NamedVault = { ...nas, vault: { ...passedOn(nas.vault), async save(entries, about, run, allRead) {
    const snapshots = await nas.vault.save(entries, about, run, allRead)
    const path = join(stand.place('nas'), snapshots[0]?.key ?? '')
    const bytes = await readFile(path)
    bytes.writeUInt8((bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff, Math.floor(bytes.length / 2))
    await writeFile(path, bytes)
    return snapshots
  } } }
  const { report, error, snapshots } = await stand.backup([broken, await stand.vault('disk', 'none')])
  assert.equal(error, undefined)
  assert.equal(report.outcome, 'partial')
  assert.deepEqual(snapshots.map(({ vault, verifiedAt }) => [vault, verifiedAt !== undefined]), [['disk', true]])
})

test('with verify: never nothing is read back, and the point does not count as verified', async () => {
  await using stand = await newStand()
  const vault = await stand.vault('nas', 'some')
  const { report } = await stand.backup([vault], false)
  assert.equal(report.outcome, 'ok')
  assert.deepEqual((await vault.vault.snapshots(recordingRun())).map(({ damagedAt, verifiedAt }) => [damagedAt, verifiedAt]), [[undefined, undefined]])
})
