import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { describeTree } from './describe-tree.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { answerOf, program } from './program.ts'
import { openSampleDatabaseFile } from './sample-database-file.ts'

async function machineWithFiles(): Promise<Machine> {
  const machine = await newMachine()
  await mkdir(join(machine.app, 'files'))
  await writeFile(join(machine.app, 'files/letter'), 'hello')
  await writeFile(join(machine.app, 'index.php'), '<?php')
  return machine
}

async function secretFile(machine: Machine, name: string, text: string): Promise<string> {
  const file = join(machine.folder, name)
  await writeFile(file, text)
  await chmod(file, 0o600)
  return file
}

test('a password from --password-file or --password-command encrypts a backup, opens it, and is never shown', async () => {
  await using machine = await machineWithFiles()
  const tree = await describeTree(machine.app)
  const file = await secretFile(machine, 'right', 'canary pass\n')
  const command = `tr a-z A-Z < ${await secretFile(machine, 'lower', 'canary two\n')}`
  const wrong = await secretFile(machine, 'wrong', 'canary other\n')
  const said: string[] = []
  const call = async (args: readonly string[], status = 0): Promise<string> => {
    const { stdout, stderr } = await machine.holdfast(args, { status })
    said.push(stdout, stderr)
    return stdout + stderr
  }
  const byFile = join(machine.folder, 'by file')
  const byCommand = join(machine.folder, 'by command')
  await call(['backup', machine.app, '--to', byFile, '--format', 'zip', '--password-file', file])
  await call(['backup', machine.app, '--to', byCommand, '--password-command', command])
  // What lies beside the archives tells what is in the place without a password; only the archives themselves are wanted.
  for (const place of [byFile, byCommand]) for (const name of await readdir(place)) if (!name.endsWith('.zip')) await rm(join(place, name))

  for (const [place, right, password] of [[byFile, ['--password-file', file], 'canary pass'], [byCommand, ['--password-command', command], 'CANARY TWO']] as const) {
    const [archive = ''] = await readdir(place)
    assert.doesNotMatch((await readFile(join(place, archive))).toString('latin1'), /hello|<\?php/)
    await program('7z', 'p7zip-full', ['t', `-p${password}`, join(place, archive)])
    assert.match(await call(['list', '--from', place, ...right]), new RegExp(archive))
    assert.doesNotMatch((await machine.holdfast(['list', '--from', place])).stdout, new RegExp(archive))
    const bad = place === byFile ? ['--password-file', wrong] : ['--password-command', `cat ${wrong}`]
    await call(['restore', 'latest', '--from', place, '--target', join(machine.folder, 'new'), '--no-ask', ...bad], 12)
    assert.ok(!(await readdir(machine.folder)).includes('new'))
    await call(['restore', 'latest', '--from', place, '--target', join(machine.folder, 'new'), '--no-ask', ...right])
    assert.deepEqual(await describeTree(join(machine.folder, 'new')), tree)
    await rm(join(machine.folder, 'new'), { recursive: true })
  }
  assert.doesNotMatch(said.join('').replaceAll(machine.folder, ''), /canary/i)
})

test('a password that cannot be had, is open to everybody, or is given in two ways makes no backup', async () => {
  await using machine = await machineWithFiles()
  const open = await secretFile(machine, 'open', 'canary\n')
  await chmod(open, 0o644)
  const backup = ['backup', machine.app, '--to', machine.place, '--format', 'zip']
  for (const [options, said] of [
    [['--password-file', open], /open to everybody \[config\.unsafe\]/],
    [['--password-file', join(machine.folder, 'nowhere')], /is not there.*\[config\.secret\]/],
    [['--password-file', await secretFile(machine, 'empty', '\n')], /is empty \[config\.secret\]/],
    [['--password-command', 'echo canary; exit 4'], /gave none.*\[config\.secret\]/],
    [['--password-command', 'true'], /is empty \[config\.secret\]/],
    [['--password-file', open, '--password-command', 'echo x'], /cannot be used with/],
  ] as const) {
    const { stdout, stderr } = await machine.holdfast([...backup, ...options], { status: 1 })
    assert.match(stderr, said)
    assert.doesNotMatch(stdout + stderr.replaceAll('echo canary', ''), /canary/)
  }
  assert.deepEqual(await readdir(machine.place), [])
})

for (const scope of ['partial', 'database'] as const) {
  test(`backup --full saves everything where the configuration's scope is ${scope}`, async () => {
    await using machine = await machineWithFiles()
    openSampleDatabaseFile(join(machine.app, 'shop.sqlite')).close()
    await machine.configure({ apps: { demo: { root: machine.app, scope, parts: { attachments: ['/files/'] } } }, place: machine.place })
    const [usual] = await machine.backup(['demo'])
    const [full] = await machine.backup(['demo', '--full'])
    assert.deepEqual([usual?.scope, full?.scope], [scope, 'full'])
    await rm(machine.app, { recursive: true })
    await machine.holdfast(['restore', full?.id ?? '', '--no-ask'])
    assert.deepEqual((await readdir(machine.app)).sort(), ['files', 'index.php', 'shop.sqlite'])
    assert.equal(await readFile(join(machine.app, 'files/letter'), 'utf8'), 'hello')
  })
}

test('backup --one-file-system saves the mount point and nothing that is mounted there', async () => {
  await using machine = await machineWithFiles()
  const mount = join(machine.app, 'files/mounted')
  await mkdir(mount)
  await program('mount', 'mount', ['-t', 'tmpfs', 'tmpfs', mount])
  try {
    await writeFile(join(mount, 'of another'), 'x')
    const [across] = await machine.backup([machine.app, '--to', machine.place])
    const [within] = await machine.backup([machine.app, '--to', machine.place, '--one-file-system'])
    const files = async (id = ''): Promise<string> => (await machine.holdfast(['show', id, '--files', '--from', machine.place])).stdout
    assert.match(await files(across?.id), / files\/mounted\/of another\n/)
    assert.match(await files(within?.id), /^dir .* files\/mounted\n/m)
    assert.doesNotMatch(await files(within?.id), /of another/)
    assert.equal(within?.complete, true)
  } finally {
    await program('umount', 'mount', [mount])
  }
})

test('restore --owner names gives files the numbers that this machine has for the saved names; without it the saved numbers', async () => {
  await using machine = await machineWithFiles()
  const { uid, gid } = { uid: 1, gid: 1 }
  const letter = join(machine.app, 'files/letter')
  await chown(letter, uid, gid)
  assert.match(await readFile('/etc/passwd', 'utf8'), /^daemon:[^:]*:1:1:/m)
  await chown(join(machine.app, 'index.php'), 4242, 4243)
  await machine.backup([machine.app, '--to', machine.place])
  const other = { passwd: 'root:x:0:0::/root:/bin/sh\ndaemon:x:7001:7001::/:/bin/false\n', group: 'root:x:0:\ndaemon:x:7002:\n' }
  for (const [name, text] of Object.entries(other)) await writeFile(join(machine.folder, name), text)
  for (const [options, letterOwner] of [[['--owner', 'names'], [7001, 7002]], [[], [uid, gid]]] as const) {
    const target = join(machine.folder, 'new')
    // In a mount namespace of its own: a machine with other users.
    const { status, stdout, stderr } = await answerOf('unshare', ['--mount', 'sh', '-c', `mount --bind ${machine.folder}/passwd /etc/passwd && mount --bind ${machine.folder}/group /etc/group && exec "$@"`, 'sh', launcher, '--config', machine.configFile, 'restore', 'latest', '--from', machine.place, '--target', target, '--no-ask', ...options], { cwd: machine.folder, env: machine.env })
    assert.equal(status, 0, stdout + stderr)
    const owner = async (path: string): Promise<number[]> => await stat(join(target, path)).then((found) => [found.uid, found.gid])
    assert.deepEqual(await owner('files/letter'), letterOwner)
    assert.deepEqual(await owner('index.php'), [4242, 4243], 'a number that had no name stays')
    await rm(target, { recursive: true })
  }
})

for (const format of ['zip', 'tar.gz'] as const) {
  test(`verify --quick finds that the structure of a ${format} is damaged, ends with 1, and marks the point`, async () => {
    await using machine = await machineWithFiles()
    const path = join(machine.place, await pointOf(machine, format))
    const bytes = await readFile(path)
    await changeByte(path, bytes.length - 30)
    const { stdout } = await machine.holdfast(['verify', 'latest', '--quick', '--from', machine.place], { status: 1 })
    assert.match(stdout, /: DAMAGED\n/)
    assert.ok((await machine.points())[0]?.damagedAt !== undefined)
  })
}

for (const format of ['zip', 'folder'] as const) {
  test(`verify --quick reads no content of a ${format}: a changed byte is left to the full check, and what was only looked at does not count as verified`, async () => {
    await using machine = await machineWithFiles()
    await writeFile(join(machine.app, 'files/picture'), randomBytes(100_000))
    const path = join(machine.place, await pointOf(machine, format))
    await changeByte(format === 'zip' ? path : join(path, 'files/picture'), 50_000)
    const { stdout } = await machine.holdfast(['verify', 'latest', '--quick', '--from', machine.place])
    assert.match(stdout, /: structure and records are right, \d+ entries; contents were not read\n/)
    assert.deepEqual((await machine.points()).map(({ verifiedAt, damagedAt }) => [verifiedAt, damagedAt]), [[undefined, undefined]])
    await machine.holdfast(['verify', 'latest', '--from', machine.place], { status: 1 })
    assert.ok((await machine.points())[0]?.damagedAt !== undefined)
  })
}

test('verify --quick finds that a file of a plain folder is missing, or has another size', async () => {
  for (const harm of ['missing', 'shorter'] as const) {
    await using machine = await machineWithFiles()
    const file = join(machine.place, await pointOf(machine, 'folder'), 'files/letter')
    if (harm === 'missing') await rm(file)
    else await writeFile(file, '')
    await machine.holdfast(['verify', 'latest', '--quick', '--from', machine.place], { status: 1 })
  }
})

async function pointOf(machine: Machine, format: string): Promise<string> {
  const [point] = await machine.backup([machine.app, '--to', machine.place, '--format', format, '--no-verify'])
  return point?.key ?? assert.fail('no point')
}

async function changeByte(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes.writeUInt8((bytes[at] ?? 0) ^ 0x55, at)
  await writeFile(path, bytes)
}

test('restore --db-host and --db-port import over TCP into the server that they name, whatever socket is known', async () => {
  await using machine = await machineWithFiles()
  await using server = await startMariadb(['--skip-name-resolve'])
  await server.sql("CREATE DATABASE erp; CREATE TABLE erp.t (a INT); INSERT INTO erp.t VALUES (1), (2); CREATE USER tcp@'127.0.0.1' IDENTIFIED BY 'canary-tcp'; GRANT ALL ON *.* TO tcp@'127.0.0.1' WITH GRANT OPTION")
  const database = { type: 'mariadb', name: 'erp', user: 'root' }
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ ...database, socket: server.socket }] } }, place: machine.place })
  await machine.backup(['demo'])
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ ...database, socket: join(machine.folder, 'no-socket') }] } }, place: machine.place })
  await server.sql('DROP TABLE erp.t')
  const restore = ['restore', 'latest', '--no-ask', '--db-user', 'tcp', '--db-password-file', await secretFile(machine, 'password', 'canary-tcp\n')]
  await machine.holdfast(restore, { status: 1 })
  // The account is one that exists over TCP alone.
  const { stdout, stderr } = await machine.holdfast([...restore, '--db-host', '127.0.0.1', '--db-port', String(server.port)])
  assert.equal(await server.sql('SELECT sum(a) FROM erp.t'), '3\n')
  assert.doesNotMatch(stdout + stderr, /canary/)
})
