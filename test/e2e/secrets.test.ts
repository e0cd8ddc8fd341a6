import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { newMachine } from './machine.ts'
import { program } from './program.ts'

const canary = 'C4n4ry'

test('no secret is printed, kept or shown to others: outputs, errors, journals, logs, archives, sidecars, the process list', async () => {
  await using machine = await newMachine()
  await using server = await startMariadb()
  await server.sql(`CREATE DATABASE erp; CREATE TABLE erp.t (id int PRIMARY KEY); INSERT INTO erp.t VALUES (1);
    CREATE USER shop@localhost IDENTIFIED BY '${canary}-db'; GRANT ALL ON erp.* TO shop@localhost; GRANT SELECT ON mysql.proc TO shop@localhost`)
  await writeFile(join(machine.app, 'index.php'), '<?php')
  await writeFile(join(machine.folder, 'db-password'), `${canary}-db\n`)
  await chmod(join(machine.folder, 'db-password'), 0o600)
  const configuration = (dbPassword: unknown, password: unknown): unknown => ({
    apps: {
      demo: {
        root: machine.app, password,
        databases: [{ type: 'mariadb', name: 'erp', socket: server.socket, user: 'shop', password: dbPassword }],
        hooks: { 'live-before': [{ command: `echo ${canary}-hook > /dev/null; env` }] },
      },
    },
    place: machine.place,
  })
  const env = { DB_SECRET: `${canary}-db`, ARCHIVE_SECRET: `${canary}-archive` }
  const said: string[] = []
  const seen = new Set<string>()
  const look = async (): Promise<void> => {
    for (const line of await processList()) if (line.includes(canary)) seen.add(line)
  }
  const watch = setInterval(() => void look(), 15)
  try {
    for (const dbPassword of ['${DB_SECRET}', { env: 'DB_SECRET' }, { file: join(machine.folder, 'db-password') }, { command: ['cat', join(machine.folder, 'db-password')] }]) {
      await machine.configure(configuration(dbPassword, { env: 'ARCHIVE_SECRET' }))
      const { stdout, stderr } = await machine.holdfast(['backup', 'demo'], { env })
      said.push(stdout, stderr)
    }
    for (const args of [['list'], ['show', 'latest'], ['show', 'latest', '--json'], ['verify', 'latest'], ['status', 'demo', '--json'], ['doctor', '--json'], ['diff'], ['restore', 'latest', '--no-ask']]) {
      const { stdout, stderr } = await machine.anyStatus(args, { env })
      said.push(stdout, stderr)
    }
    for (const [dbPassword, password] of [[`${canary}-wrong`, `${canary}-archive`], [{ env: 'NOT_SET' }, `${canary}-archive`], [{ command: 'echo no such entry >&2; false' }, `${canary}-archive`]]) {
      await machine.configure(configuration(dbPassword, password))
      const { stdout, stderr } = await machine.holdfast(['backup', 'demo'], { env, status: 1 })
      said.push(stdout, stderr)
    }
    // A key that is not known: the frame around it must not show the neighbours' secrets.
    await machine.configure(`apps:\n  demo:\n    root: ${machine.app}\n    password: ${canary}-archive\n    pasword: ${canary}-typo\n`)
    said.push((await machine.holdfast(['backup', 'demo'], { status: 1 })).stderr)
  } finally {
    clearInterval(watch)
  }
  assert.deepEqual([...seen].filter((line) => !line.includes(`${canary}-hook`)), [], 'in no process\'s arguments')
  for (const text of said) assert.doesNotMatch(text.replaceAll(new RegExp(`${canary}-hook`, 'g'), ''), new RegExp(canary))

  await machine.configure({ apps: {} })
  const points = await machine.points()
  assert.equal(points.length, 4)
  for (const point of points) {
    const unpacked = join(machine.folder, 'unpacked', point.id)
    await mkdir(unpacked, { recursive: true })
    await program('7z', 'p7zip-full', ['x', `-p${canary}-archive`, `-o${unpacked}`, join(machine.place, point.key)])
  }
  const { stdout } = await program('sh', 'dash', ['-c', 'grep -rla "$1" "$2" "$3" "$4" || true', 'sh', canary, machine.state, machine.place, join(machine.folder, 'unpacked')])
  assert.equal(stdout, '', 'in no journal, log, sidecar, RESTORE.md or manifest')
})

test('no process that a backup or a restore starts is given a secret: dump clients, hooks, commands for secrets, and what these start', async () => {
  await using machine = await newMachine()
  await using server = await startMariadb()
  await server.sql(`CREATE DATABASE erp; CREATE TABLE erp.t (id int PRIMARY KEY); INSERT INTO erp.t VALUES (1);
    CREATE USER shop@localhost IDENTIFIED BY '${canary}-db'; GRANT ALL ON erp.* TO shop@localhost; GRANT SELECT ON mysql.proc TO shop@localhost`)
  await writeFile(join(machine.app, 'index.php'), '<?php')
  const [witness, secret, programs] = ['witness', 'db-password', 'bin'].map((name) => join(machine.folder, name)) as [string, string, string]
  await writeFile(secret, `${canary}-db\n`, { mode: 0o600 })
  await mkdir(programs)
  // What a process sees of itself is what others may read of it in /proc; each says who it is first.
  const testify = (who: string): string => `{ echo "I am ${who}"; tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$$/environ; echo; } >> ${witness}`
  for (const name of ['mariadb', 'mariadb-dump']) {
    const { stdout } = await program('sh', 'dash', ['-c', `command -v ${name}`])
    await writeFile(join(programs, name), `#!/bin/sh\n${testify(name)}\nsleep 0.2\nexec ${stdout.trim()} "$@"\n`, { mode: 0o755 })
  }
  const hook = [{ command: `${testify('a hook')}; sh -c '${testify('a child of a hook').replaceAll("'", `'\\''`)}'` }]
  await machine.configure({
    apps: {
      demo: {
        root: machine.app,
        databases: [{ type: 'mariadb', name: 'erp', socket: server.socket, user: 'shop', password: { command: `${testify('a command')}; cat ${secret}` } }],
        hooks: Object.fromEntries(['live-before', 'frozen', 'after', 'on-failure', 'before-restore', 'after-restore'].map((moment) => [moment, hook])),
      },
    },
    place: machine.place,
  })
  const env = { HOLDFAST_PASSWORD: `${canary}-archive`, DB_SECRET: `${canary}-db`, PATH: `${programs}:${process.env['PATH'] ?? ''}` }
  const own = new Set<number>()
  const ownCommands = new Set<string>()
  const seen = new Set<string>()
  let looks = 0
  const look = async (): Promise<void> => {
    looks += 1
    for (const pid of own) ownCommands.add(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && !own.has(Number(name)))) {
      const [command = '', environment = ''] = await Promise.all(['cmdline', 'environ'].map(async (name) => await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')))
      if (`${command}${environment}`.includes(canary) && !own.has(Number(pid))) seen.add(command)
    }
  }
  const watch = setInterval(() => void look(), 25)
  const run = async (args: readonly string[], status = 0): Promise<string> => {
    const { stdout, stderr } = await machine.holdfast(args, { env, status, started: (pid) => own.add(pid) })
    return stdout + stderr
  }
  try {
    const said = [await run(['backup', 'demo']), await run(['backup', 'demo', '--json']), await run(['restore', 'latest', '--no-ask']), await run(['restore', '--undo', '--target', machine.app, '--no-ask', '--json'])]
    await server.sql('DROP USER shop@localhost')
    said.push(await run(['backup', 'demo'], 1), await run(['status', 'demo', '--json'], 1))
    assert.doesNotMatch(said.join(''), new RegExp(canary))
  } finally {
    clearInterval(watch)
  }
  const told = await readFile(witness, 'utf8')
  for (const who of ['mariadb', 'mariadb-dump', 'a hook', 'a child of a hook', 'a command']) assert.match(told, new RegExp(`^I am ${who}$`, 'm'))
  assert.match(told, /^HOLDFAST_MOMENT=on-failure$/m)
  assert.doesNotMatch(told, new RegExp(`${canary}|HOLDFAST_PASSWORD|DB_SECRET`))
  assert.ok(looks > 20)
  ownCommands.delete('')
  // Between fork and exec a child still shows its parent's words, to the same user alone.
  assert.deepEqual([...seen].filter((command) => !ownCommands.has(command)), [])
  const { stdout } = await program('sh', 'dash', ['-c', 'grep -rla "$1" "$2" "$3" || true', 'sh', canary, machine.state, machine.place])
  assert.equal(stdout, '')
})

/** Every process's arguments, as anybody may read them. */
async function processList(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return await Promise.all(pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')))
}
