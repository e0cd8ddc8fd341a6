import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { mariadbSql, password, startMariadbContainer, until } from '../fixtures/container-servers.ts'
import { freePort } from '../fixtures/free-port.ts'
import { Podman } from '../fixtures/podman.ts'
import { importImage } from '../fixtures/podman-images.ts'
import type { Machine } from './machine.ts'
import { newMachine } from './machine.ts'

const cacheWord = "k'eeper$word;#"
const remarksSchema = z.array(z.looseObject({ code: z.string(), path: z.string().optional() })).optional()
const answerSchema = z.object({ notes: remarksSchema, warnings: remarksSchema, error: z.object({ code: z.string() }).optional() })

suite('the dump of a database server in a container', () => {
  let machine: Machine
  let podman: Podman
  let redisPort: number

  before(async () => {
    [machine, podman] = await Promise.all([newMachine(), Podman.start()])
    await writeFile(join(machine.app, 'docker-compose.yml'), 'services: {}\n')
    const labels = (service: string): Record<string, string> => ({ 'com.docker.compose.project': 'demo', 'com.docker.compose.project.working_dir': machine.app, 'com.docker.compose.service': service })
    await Promise.all([
      startMariadbContainer(podman, 'demo-maria-1', join(machine.app, 'volumes/maria'), { labels: labels('maria'), env: { MARIADB_ROOT_PASSWORD_FILE: '/run/secrets/root word' } }),
      startCache(labels('cache')),
    ])
    // As compose puts it there.
    podman.exec('demo-maria-1', 'sh', '-c', 'mkdir -p /run/secrets && echo "$1" > "/run/secrets/root word"', 'sh', password)
    mariadbSql(podman, 'demo-maria-1', "CREATE DATABASE shop; CREATE TABLE shop.a (word text); INSERT INTO shop.a VALUES ('Fuß 🐴'); CREATE DATABASE hidden; CREATE TABLE hidden.b (x int); CREATE USER keeper@localhost IDENTIFIED BY 'keeper''s'; GRANT ALL ON shop.* TO keeper@localhost")
    redis('SET', 'greeting', 'grüß')
  })

  after(async () => {
    await podman[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  /** Redis in which one user alone may do anything, of whom the container tells nothing. */
  async function startCache(labels: Record<string, string>): Promise<void> {
    importImage(podman, 'redis')
    redisPort = await freePort()
    await mkdir(join(machine.app, 'volumes/cache'), { recursive: true })
    await writeFile(join(machine.app, 'volumes/cache/redis.conf'), `port ${redisPort}\nbind 127.0.0.1\ndir /data\nappendonly yes\nrepl-diskless-sync-delay 0\nuser keeper on "#${createHash('sha256').update(cacheWord).digest('hex')}" ~* &* +@all\nuser default off\n`)
    await podman.create('demo-cache-1', { image: 'redis', labels, binds: [`${join(machine.app, 'volumes/cache')}:/data`], command: ['redis-server', '/data/redis.conf', '--port', String(redisPort)] })
    await until(() => redis('PING').trim() === 'PONG', 'the cache answers')
  }

  function redis(...command: readonly string[]): string {
    return podman.cli('exec', '--env', `REDISCLI_AUTH=${cacheWord}`, 'demo-cache-1', 'redis-cli', '-p', String(redisPort), '--user', 'keeper', '--no-auth-warning', '--raw', ...command)
  }

  async function configure(services: object): Promise<void> {
    await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket, services } } }, place: machine.place })
  }

  async function saved(): Promise<string> {
    return (await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])).stdout
  }

  const shop = (): string => mariadbSql(podman, 'demo-maria-1', 'SELECT * FROM shop.a')

  test('is made and imported in mode exec while it runs on, by a password that stands in a file of the container; its raw files are left alone', async () => {
    await configure({ maria: { mode: 'exec' }, cache: { dump: { user: 'keeper', password: { env: 'CACHE_WORD' } } } })
    const env = { CACHE_WORD: cacheWord }
    const started = { maria: await podman.startedAt('demo-maria-1'), cache: await podman.startedAt('demo-cache-1') }
    const { notes = [] } = answerSchema.parse(await machine.json(['backup', 'demo'], { env }))
    assert.deepEqual(notes.flatMap(({ code, path }) => code === 'containers.raw-left-out' ? [path] : []), ['volumes/maria'])
    const files = await saved()
    for (const name of ['databases/maria_shop.sql', 'databases/maria_hidden.sql', 'databases/cache.rdb', 'volumes/cache/redis.conf']) assert.ok(files.includes(name), name)
    assert.ok(!files.includes('volumes/maria/'), files)
    assert.notEqual(await podman.startedAt('demo-cache-1'), started.cache, 'one of another mode was stopped')

    mariadbSql(podman, 'demo-maria-1', "UPDATE shop.a SET word = 'ruined'; DROP DATABASE hidden")
    redis('SET', 'greeting', 'ruined')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'], { env })
    assert.equal(shop(), 'Fuß 🐴\n')
    assert.equal(mariadbSql(podman, 'demo-maria-1', 'SHOW TABLES FROM hidden'), 'b\n')
    await until(() => redis('GET', 'greeting') === 'grüß\n', 'the cache has its content back')
    assert.equal(await podman.startedAt('demo-maria-1'), started.maria, 'it ran on all the time')

    redis('SET', 'greeting', 'ruined again')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--only', 'databases', '--no-ask'], { env })
    assert.equal(redis('GET', 'greeting'), 'grüß\n', 'by its dump, as that user')
    const told = await machine.journals('.ndjson') + await machine.journals('.log')
    for (const word of [password, cacheWord]) assert.ok(!told.includes(word) && !told.includes(JSON.stringify(word).slice(1, -1)), 'no password is in the journal or the log')
  })

  test('is made as the user that the configuration gives, so of what that one may see; and not at all where it says so', async () => {
    await writeFile(join(machine.folder, 'word'), "keeper's\n", { mode: 0o600 })
    await configure({ maria: { dump: { user: 'keeper', password: { file: join(machine.folder, 'word') } } }, cache: { dump: false } })
    await machine.holdfast(['backup', 'demo'])
    const files = await saved()
    assert.deepEqual(files.match(/databases\/\S+/g), ['databases/maria_shop.sql'])
    for (const raw of ['volumes/maria/shop/a.frm', 'volumes/cache/appendonlydir/']) assert.ok(files.includes(raw), `${raw} is saved while its server stands still`)
  })

  test('is never called good where it runs on and is not dumped', async () => {
    await until(() => shop() !== '', 'the server answers')
    await configure({ maria: { mode: 'leave', dump: false }, cache: { dump: false } })
    const { warnings = [] } = answerSchema.parse(await machine.json(['backup', 'demo'], { status: 3 }))
    assert.ok(warnings.some(({ path }) => path === 'volumes/maria'), JSON.stringify(warnings))
    await configure({ maria: { mode: 'exec', dump: false } })
    const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 1 })
    assert.match(stderr, /"maria" is to be dumped \(mode: exec\), and "dump: false" says that it is not/)
  })

  test('is missed as a warning where the password is wrong, which says whether the raw files are saved', async () => {
    await until(() => shop() !== '', 'the server answers')
    podman.exec('demo-maria-1', 'sh', '-c', 'echo another > "/run/secrets/root word"')
    for (const [exclude, words] of [[[], 'is in the restore point as its raw files only'], [['/volumes/maria/'], 'its raw files are not in the restore point either']] as const) {
      await machine.configure({ apps: { demo: { root: machine.app, exclude, containers: { engine: podman.socket, services: { cache: { dump: false } } } } }, place: machine.place })
      const { warnings = [] } = answerSchema.parse(await machine.json(['backup', 'demo'], { status: 3 }))
      assert.deepEqual(warnings.map(({ message }) => String(message).includes(words)), [true], JSON.stringify(warnings))
    }
    podman.exec('demo-maria-1', 'sh', '-c', 'echo "$1" > "/run/secrets/root word"', 'sh', password)
  })

  test('fails in mode exec where the password is wrong, and nothing is stopped or saved', async () => {
    await until(() => shop() !== '', 'the server answers')
    await configure({ maria: { mode: 'exec', dump: { user: 'keeper', password: 'another' } }, cache: { dump: false } })
    const earlier = await machine.points()
    const started = await podman.startedAt('demo-cache-1')
    assert.equal(answerSchema.parse(await machine.json(['backup', 'demo'], { status: 1 })).error?.code, 'database.unreachable')
    assert.equal(await podman.startedAt('demo-cache-1'), started)
    assert.deepEqual((await machine.points()).map(({ id }) => id), earlier.map(({ id }) => id))
  })
})
