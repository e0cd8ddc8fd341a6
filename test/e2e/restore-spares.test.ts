import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { z } from 'zod'
import { answerOf } from './program.ts'
import { launcher, newMachine } from './machine.ts'

const plain = { config: false } as const
const planSchema = z.object({ preview: z.object({ deleted: z.number() }) })

test('a restore leaves restore points alone that lie in its target, whoever made them, wherever the point that it restores lies', async () => {
  await using machine = await newMachine()
  const [own, foreign, disk] = [join(machine.app, 'backups'), join(machine.app, 'old/archives'), join(machine.folder, 'disk')]
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.backup([machine.app, '--to', machine.place], plain)
  for (const place of [own, foreign, disk]) await mkdir(place, { recursive: true })
  await machine.configure({ apps: { demo: { root: machine.app } }, place: own })
  await machine.backup(['demo'])
  await machine.backup([join(machine.folder, 'home'), '--to', foreign], plain)
  const args = ['restore', 'latest', '--from', machine.place, '--app', 'demo', '--no-ask']
  assert.equal(planSchema.parse(await machine.json([...args, '--dry-run'])).preview.deleted, 0)
  await machine.holdfast(args)
  assert.deepEqual([(await machine.points(own)).length, (await machine.points(foreign)).length], [1, 1])
  // The place itself, what it lies in, and the state folder.
  const refused = await machine.holdfast(['restore', 'latest', '--from', machine.place, '--target', machine.place, '--no-ask'], { ...plain, status: 1 })
  assert.match(refused.stderr, /restore\.target/)
  assert.equal((await machine.points()).length, 1)
  await machine.holdfast(['restore', 'latest', '--from', own, '--app', 'demo', '--target', disk, '--no-ask'], { ...plain, env: { HOLDFAST_STATE: join(disk, 'state') } })
  assert.ok(existsSync(join(disk, 'state')) && existsSync(join(disk, 'letter')))
})

test('what could not be read when a point was made is not taken for superfluous when it is restored, and the point is told as incomplete', async () => {
  await using machine = await newMachine()
  const nobody = 65_534
  for (const folder of ['closed', 'open']) await mkdir(join(machine.app, folder))
  for (const path of ['closed/inside', 'open/there', 'secret']) await writeFile(join(machine.app, path), path)
  await chmod(machine.folder, 0o755)
  for (const path of [machine.place, machine.home]) await chown(path, nobody, nobody)
  for (const path of ['closed', 'secret']) await chmod(join(machine.app, path), 0o700)
  const env = { ...machine.env, HOLDFAST_STATE: join(machine.home, 'state') }
  const made = await answerOf(launcher, ['backup', machine.app, '--to', machine.place], { cwd: '/', env, uid: nobody, gid: nobody })
  assert.equal(made.status, 3, made.stderr)
  await writeFile(join(machine.app, 'open/later'), 'made afterwards')
  const { stderr } = await machine.holdfast(['restore', (await machine.points())[0]?.id ?? '', '--from', machine.place, '--target', machine.app, '--no-ask'], plain)
  assert.match(stderr, /incomplete/)
  for (const path of ['closed/inside', 'open/there', 'secret']) assert.equal(await readFile(join(machine.app, path), 'utf8'), path)
  assert.equal(existsSync(join(machine.app, 'open/later')), false)
})

test('contents of caches and sockets, which no backup saves, stay', async () => {
  await using machine = await newMachine()
  await mkdir(join(machine.app, 'cache/deep'), { recursive: true })
  await writeFile(join(machine.app, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.backup([machine.app, '--to', machine.place], plain)
  await writeFile(join(machine.app, 'cache/deep/data'), 'made again')
  await mkdir(join(machine.app, 'run'))
  await writeFile(join(machine.app, 'run/superfluous'), '')
  const listening = createServer().listen(join(machine.app, 'run/socket'))
  try {
    const restore = ['restore', 'latest', '--from', machine.place, '--target', machine.app, '--no-ask']
    assert.equal(planSchema.parse(await machine.json([...restore, '--dry-run'], plain)).preview.deleted, 1)
    await machine.holdfast(restore, plain)
    assert.equal(await readFile(join(machine.app, 'cache/deep/data'), 'utf8'), 'made again')
    assert.deepEqual([existsSync(join(machine.app, 'run/socket')), existsSync(join(machine.app, 'run/superfluous'))], [true, false])
  } finally {
    listening.close()
  }
})

test('the databases alone of a point are its SQLite databases too, and a point without any is refused', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  const rows = (): unknown => {
    using database = new DatabaseSync(join(machine.app, 'shop.db'), { readOnly: true })
    return database.prepare('SELECT count(*) AS n FROM orders').get()?.['n']
  }
  const change = (sql: string): void => {
    using database = new DatabaseSync(join(machine.app, 'shop.db'))
    database.exec(sql)
  }
  const none = join(machine.folder, 'none')
  await mkdir(none)
  await machine.backup([machine.app, '--to', none], plain)
  change('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2)')
  await machine.backup([machine.app, '--to', machine.place], plain)
  change('DELETE FROM orders')
  await writeFile(join(machine.app, 'letter'), 'of today')
  await machine.holdfast(['restore', 'latest', '--from', machine.place, '--target', machine.app, '--only', 'databases', '--no-ask'], plain)
  assert.deepEqual([rows(), await readFile(join(machine.app, 'letter'), 'utf8')], [2, 'of today'])
  const { stderr } = await machine.holdfast(['restore', 'latest', '--from', none, '--target', machine.app, '--only', 'databases', '--no-ask'], { ...plain, status: 1 })
  assert.match(stderr, /holds no database/)
})

test('a path that names nothing below the root is refused', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.backup([machine.app, '--to', machine.place], plain)
  await rm(join(machine.app, 'letter'))
  for (const path of ['.', './', 'docs/.', './.']) await machine.holdfast(['restore', 'latest', '--from', machine.place, '--target', machine.app, '--path', path, '--no-ask'], { ...plain, status: 1 })
})

test('an application that was renamed is restored by its present rules, whatever the point calls it', async () => {
  await using machine = await newMachine()
  for (const path of ['letter', 'mine']) await writeFile(join(machine.app, path), 'hello')
  await machine.configure({ apps: { old: { root: machine.app } }, place: machine.place })
  const [point] = await machine.backup(['old'])
  await machine.configure({ apps: { new: { root: machine.app, exclude: ['/mine'] } }, place: machine.place })
  for (const path of ['letter', 'mine']) await writeFile(join(machine.app, path), 'of today')
  await machine.holdfast(['restore', point?.id ?? '', '--no-ask'])
  assert.deepEqual([await readFile(join(machine.app, 'letter'), 'utf8'), await readFile(join(machine.app, 'mine'), 'utf8')], ['hello', 'of today'])
  assert.ok(existsSync(join(machine.state, 'new/runs')) && !(await machine.journals('.ndjson', 'old')).includes('"kind":"restore"'))
})

test('of two applications that keep archives in their own folders each has its own points', async () => {
  await using machine = await newMachine()
  const roots = ['one', 'two'].map((name) => join(machine.folder, name))
  for (const root of roots) {
    await mkdir(join(root, 'volumes'), { recursive: true })
    await writeFile(join(root, 'docker-compose.yml'), 'services: {}\n')
    await writeFile(join(root, 'menu.sh'), '# IOTstack\n')
    await mkdir(join(root, '.templates'))
    await writeFile(join(root, 'volumes/file'), root)
  }
  await machine.configure({ apps: { one: { root: roots[0], preset: 'iotstack' }, two: { root: roots[1], preset: 'iotstack' } } })
  const made = [...await machine.backup(['one']), ...await machine.backup(['two'])]
  for (const point of made) {
    await writeFile(join(point.root, 'volumes/file'), 'of today')
    await machine.holdfast(['restore', point.id, '--no-ask'])
    assert.equal(await readFile(join(point.root, 'volumes/file'), 'utf8'), point.root)
  }
})
