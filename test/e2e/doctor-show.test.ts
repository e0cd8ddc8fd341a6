import assert from 'node:assert/strict'
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { z } from 'zod'
import { manifestSchema } from '../../src/model/restore-point.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { answerOf, program } from './program.ts'

const checksSchema = z.array(z.object({ what: z.string(), state: z.enum(['ok', 'note', 'warning', 'failed']), message: z.string() }))
type Check = z.infer<typeof checksSchema>[number]

/** What doctor finds; the exit status must be `status`. */
async function doctor(machine: Machine, status: number, env: Record<string, string> = {}): Promise<readonly Check[]> {
  return checksSchema.parse(await machine.json(['doctor'], { status, env }))
}

function stateOf(checks: readonly Check[], what: string): string | undefined {
  return checks.find((check) => check.what === what)?.state
}

function failures(checks: readonly Check[]): string[] {
  return checks.filter(({ state }) => state === 'failed' || state === 'warning').map(({ what, state, message }) => `${state} ${what}: ${message}`)
}

test('doctor finds nothing wrong with a machine that is fit, and ends with 0', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const checks = await doctor(machine, 0)
  assert.deepEqual(failures(checks), [])
  for (const what of ['Holdfast', 'metadata', 'state folder', 'configuration', 'demo']) assert.equal(stateOf(checks, what), 'ok', what)
  assert.ok(checks.some(({ what, state, message }) => what.startsWith('demo → ') && state === 'ok' && message.startsWith(machine.place) && message.endsWith(' free')))
  const { stdout } = await machine.holdfast(['doctor'])
  assert.match(stdout, new RegExp(`^ok {6}demo: ${machine.app}$`, 'm'))
})

test('doctor says which application is not there, still looks at the others, and ends with 1', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { gone: { root: join(machine.folder, 'gone') }, demo: { root: machine.app } }, place: machine.place })
  const checks = await doctor(machine, 1)
  assert.deepEqual(failures(checks), [`failed gone: there is no folder ${join(machine.folder, 'gone')}`])
  assert.equal(stateOf(checks, 'demo'), 'ok')
  assert.match((await machine.holdfast(['doctor'], { status: 1 })).stdout, /^failed +gone: there is no folder/m)
})

test('doctor fails for a place whose disk is not mounted', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, vaults: { nas: { type: 'archive', place: join(machine.folder, 'mnt/nas/backups') } } })
  assert.match(failures(await doctor(machine, 1)).join(), /^failed demo → nas: there is no folder .*is its disk mounted\?$/)
})

test('two vaults that are one folder are refused by a backup and by doctor, also where a link or a folder to be made hides it', async () => {
  await using machine = await newMachine()
  await symlink(machine.place, join(machine.folder, 'link'))
  const pairs = [[machine.place, machine.place], [machine.place, join(machine.folder, 'link')], [join(machine.place, 'new'), join(machine.folder, 'link/new')]] as const
  for (const [nas, usb] of pairs) {
    await machine.configure({ apps: { demo: { root: machine.app } }, vaults: { nas: { type: 'archive', place: nas }, usb: { type: 'archive', place: usb } } })
    assert.match(failures(await doctor(machine, 1)).join(), /^failed demo: The vaults "nas" and "usb" are one folder/)
    assert.match((await machine.holdfast(['backup', 'demo'], { status: 1 })).stderr, /The vaults "nas" and "usb" are one folder .*\[config\.invalid\]/)
  }
  assert.deepEqual(await machine.points(), [])
  await machine.configure({ apps: { demo: { root: machine.app } }, vaults: { nas: { type: 'archive', place: join(machine.folder, 'link') }, usb: { type: 'archive', place: join(machine.place, 'new') } } })
  assert.deepEqual(failures(await doctor(machine, 0)), [])
})

test('doctor warns of a place inside the application, and ends with 3', async () => {
  await using machine = await newMachine()
  const inside = join(machine.app, 'backups')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: inside })
  const checks = await doctor(machine, 3)
  assert.equal(failures(checks).length, 1)
  assert.match(failures(checks)[0] ?? '', /^warning demo → \S+: \S+ lies inside the application/)
})

test('doctor fails for a place and a state folder that this user may not write, and not for root', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await mkdir(machine.state)
  for (const path of [machine.place, machine.state]) await chmod(path, 0o700)
  assert.deepEqual(failures(await doctor(machine, 0)), [])
  await chmod(machine.folder, 0o755)
  await chmod(machine.configFile, 0o644)
  const { status, stdout, stderr } = await answerOf(launcher, ['--config', machine.configFile, 'doctor', '--json'], { cwd: '/', env: machine.env, uid: 65534, gid: 65534 })
  assert.equal(status, 1, stdout + stderr)
  const failed = checksSchema.parse(JSON.parse(stdout)).filter(({ state }) => state === 'failed')
  assert.deepEqual(failed.map(({ message }) => message), [`${machine.state} cannot be written by this user`, `${machine.place} cannot be written by this user`])
})

test('doctor warns of a place with hardly any space left', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await program('mount', 'mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', machine.place])
  try {
    assert.match(failures(await doctor(machine, 3)).join('\n'), /^warning demo → \S+: \S+, 1\.05 MB free$/)
  } finally {
    await program('umount', 'mount', [machine.place])
  }
})

test('doctor refuses a configuration that holds a password and may be read by everybody, or be written by others', async () => {
  await using machine = await newMachine()
  const config = { apps: { demo: { root: machine.app, password: 'canary', format: 'zip' } }, place: machine.place }
  for (const [mode, said] of [[0o644, /holds a password and can be read by everybody.*\[config\.unsafe\]\nwhat to do: chmod o-rwx/], [0o606, /can be written by everybody.*\[config\.unsafe\]/]] as const) {
    await machine.configure(config)
    await chmod(machine.configFile, mode)
    const { stdout, stderr } = await machine.holdfast(['doctor'], { status: 1 })
    assert.match(stderr, said)
    assert.doesNotMatch(stdout + stderr, /canary/)
  }
  await machine.configure(config)
  await chown(machine.configFile, 65534, 65534)
  assert.match((await machine.holdfast(['doctor'], { status: 1 })).stderr, /belongs to another user.*\[config\.unsafe\]/)
})

test('doctor tells the database clients that it found, and which package brings them where there are none', async () => {
  await using machine = await newMachine()
  for (const what of ['mariadb-dump', 'mariadb']) assert.equal(stateOf(await doctor(machine, 0), what), 'ok')
  // Only what the launcher itself needs.
  const bin = join(machine.folder, 'bin')
  await mkdir(bin)
  for (const name of ['uname', 'getconf', 'readlink', 'sh']) await symlink(`/usr/bin/${name}`, join(bin, name))
  const checks = await doctor(machine, 0, { PATH: bin })
  for (const what of ['mariadb-dump', 'mariadb']) assert.match(checks.find((check) => check.what === what)?.message ?? '', /not installed.*\(package mariadb-client\)/)
  assert.deepEqual(checks.filter(({ state }) => state === 'note').map(({ what }) => what), ['mariadb-dump', 'mariadb'])
  await machine.configure({ apps: { erp: { root: machine.app, databases: [{ type: 'mariadb', name: 'erp' }] } }, place: machine.place })
  const failed = failures(await doctor(machine, 1, { PATH: bin }))
  assert.equal(failed.length, 2, 'no backup of it could be made')
  for (const line of failed) assert.match(line, /erp cannot be backed up without it/)
})

test('show tells a point\'s databases with their tables, views and rows, what was left out, and every entry where asked', async () => {
  await using machine = await newMachine()
  const database = new DatabaseSync(join(machine.app, 'shop.sqlite'))
  database.exec('CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE empty (id INTEGER); CREATE VIEW names AS SELECT name FROM client')
  for (let count = 0; count < 42; count++) database.exec(`INSERT INTO client (name) VALUES ('${count}')`)
  database.close()
  await mkdir(join(machine.app, 'files'))
  await writeFile(join(machine.app, 'files/letter'), 'hello', { mode: 0o640 })
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'sqlite', path: 'shop.sqlite' }, { type: 'sqlite', path: 'gone.sqlite' }] } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'], { status: 3 })
  const [point] = await machine.points()
  assert.ok(point !== undefined)

  const { stdout } = await machine.holdfast(['show', point.id.slice(0, 8)])
  for (const line of [
    new RegExp(`^Restore point ${point.id} of demo$`, 'm'),
    new RegExp(`^  file +${point.key} \\(tar\\.gz, `, 'm'),
    new RegExp(`^  made .* from ${machine.app}$`, 'm'),
    /^ {2}database {3}\S*shop\.sqlite \(sqlite 3\.[\d.]+\) as shop\.sqlite, [\d.]+ k?B$/m,
    /^ {15}client: 42 rows$/m,
    /^ {15}empty: 0 rows$/m,
    /^ {15}names \(view\)$/m,
    /^ {2}(?:left out|warning) .*gone\.sqlite/m,
  ]) assert.match(stdout, line)

  const { manifest } = z.object({ manifest: manifestSchema }).parse(await machine.json(['show', point.id]))
  assert.deepEqual(manifest.databases.map(({ engine, tables }) => [engine, tables.map(({ name, kind, rows }) => [name, kind, rows]).sort()]), [['sqlite', [['client', 'table', 42], ['empty', 'table', 0], ['names', 'view', undefined]]]])

  const files = (await machine.holdfast(['show', point.id, '--files'])).stdout
  assert.match(files, /^file {4}0640 {12}5 files\/letter$/m)
  assert.match(files, /^dir {5}\d{4} {13} files$/m)
})
