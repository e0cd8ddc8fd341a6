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

/** Every process's arguments, as anybody may read them. */
async function processList(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return await Promise.all(pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')))
}
