import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { influxQuery, mariadbSql, password, postgresSql, redisCommand, startInfluxContainer, startMariadbContainer, startPostgresContainer, startRedisContainer, until } from '../fixtures/container-servers.ts'
import { freePort } from '../fixtures/free-port.ts'
import { Podman } from '../fixtures/podman.ts'
import type { Machine } from './machine.ts'
import { newMachine } from './machine.ts'

const eventSchema = z.looseObject({ type: z.string(), database: z.object({ name: z.string(), engine: z.string(), version: z.string(), path: z.string(), rawFiles: z.string().optional(), tables: z.array(z.object({ name: z.string(), kind: z.string(), rows: z.number().optional() })) }).optional() })

const servers = { 'demo-maria-1': 'maria', 'demo-pg-1': 'pg', 'demo-cache-1': 'cache', 'demo-flux-1': 'flux' } as const
// What a reader of statements may stumble over, and what psql would take for its own commands.
const awkward = String.raw`CREATE TABLE "c;\! id" ("d'""$$" text DEFAULT E'C:\\''--', n int[]);
  COMMENT ON TABLE "c;\! id" IS 'ends with a backslash \';
  CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $body$ SELECT '
\! touch /tmp/holdfast-owned
COPY x FROM stdin; $$ ' $body$;
  CREATE FUNCTION h(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN x > 1 THEN 1 ELSE (x + 2) END; SELECT 3; END;
  CREATE RULE r AS ON DELETE TO "c;\! id" DO ALSO (DELETE FROM s.empty; DELETE FROM "T 1" WHERE word = 'a;b');
  CREATE VIEW w AS SELECT n[1:2] AS part, 5 / 2 - 1 AS number FROM "c;\! id";
  INSERT INTO "c;\! id" VALUES (E'\n\\.\n\\! touch /tmp/holdfast-owned\n', '{1,2}'), (E'\\. ', NULL);
  SELECT lo_from_bytea(4711, '\x5c2120746f756368');
  ALTER DATABASE "we'ird =base" SET search_path TO "$user", public, 'o"dd'`
const strange = "dbname='we\\'ird =base'"

suite('database servers in containers', () => {
  let machine: Machine
  let podman: Podman
  let redisPort: number
  let data: string
  let original: Record<string, string>
  const env = (): Record<string, string> => ({ DOCKER_HOST: `unix://${podman.socket}` })

  before(async () => {
    [machine, podman] = await Promise.all([newMachine(), Podman.start()])
    data = join(machine.app, 'volumes')
    await mkdir(data, { recursive: true })
    await writeFile(join(machine.app, 'docker-compose.yml'), 'services: {}\n')
    const labels = (service: string): Record<string, string> => ({ 'com.docker.compose.project': 'demo', 'com.docker.compose.project.working_dir': machine.app, 'com.docker.compose.service': service })
    redisPort = await freePort()
    await Promise.all([
      startMariadbContainer(podman, 'demo-maria-1', join(data, 'maria'), { labels: labels('maria') }),
      startPostgresContainer(podman, 'demo-pg-1', join(data, 'pg'), { labels: labels('pg') }),
      startRedisContainer(podman, 'demo-cache-1', join(data, 'cache'), redisPort, { labels: labels('cache') }),
      startInfluxContainer(podman, 'demo-flux-1', join(data, 'flux'), { labels: labels('flux') }),
    ])
    fill()
    original = contents()
  })

  after(async () => {
    await podman[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  function fill(): void {
    mariadbSql(podman, 'demo-maria-1', "CREATE DATABASE `odd näme`; USE `odd näme`; CREATE TABLE t (id int PRIMARY KEY, word text) ENGINE=InnoDB; INSERT INTO t VALUES (1, 'Fuß 🐴'), (2, NULL); CREATE VIEW v AS SELECT id FROM t; CREATE DATABASE shop; CREATE TABLE shop.a (b blob); INSERT INTO shop.a VALUES (0x00ff27)")
    postgresSql(podman, 'demo-pg-1', 'postgres', 'CREATE ROLE "Odd Röle" LOGIN PASSWORD \'x\'')
    postgresSql(podman, 'demo-pg-1', 'postgres', 'CREATE DATABASE "we\'ird =base" OWNER "Odd Röle"')
    postgresSql(podman, 'demo-pg-1', strange, "CREATE TABLE \"T 1\" (id serial PRIMARY KEY, word text); INSERT INTO \"T 1\" (word) VALUES (E'a\\tb\\\\c\\n\\\\.'), ('COPY x FROM stdin;'), (NULL); CREATE SCHEMA s; CREATE TABLE s.empty (x int); CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN\nRETURN 7;\nEND $$")
    postgresSql(podman, 'demo-pg-1', strange, awkward)
    redisCommand(podman, 'demo-cache-1', redisPort, 'SET', 'greeting', 'grüß 🐴')
    redisCommand(podman, 'demo-cache-1', redisPort, '-n', '3', 'RPUSH', 'list', 'a', 'b', 'c')
    influxQuery(podman, 'demo-flux-1', 'CREATE DATABASE home')
    influxQuery(podman, 'demo-flux-1', 'INSERT INTO home.autogen temperature,room=küche value=21.5 1700000000000000000')
  }

  /** All that is in the four servers, as their own clients tell it. */
  function contents(): Record<string, string> {
    return {
      maria: mariadbSql(podman, 'demo-maria-1', 'SELECT * FROM `odd näme`.t; SELECT * FROM `odd näme`.v; SELECT hex(b) FROM shop.a; SHOW DATABASES'),
      pg: postgresSql(podman, 'demo-pg-1', strange, 'SELECT * FROM "T 1" ORDER BY id') + postgresSql(podman, 'demo-pg-1', strange, 'SELECT f(), (SELECT count(*) FROM s.empty), (SELECT rolname FROM pg_roles WHERE oid = (SELECT datdba FROM pg_database WHERE datname = current_database()))') + postgresSql(podman, 'demo-pg-1', 'postgres', 'SELECT datname FROM pg_database ORDER BY 1') + postgresDump(),
      cache: ['GET greeting', '-n 3 LRANGE list 0 -1'].map((command) => redisCommand(podman, 'demo-cache-1', redisPort, ...command.split(' '))).join(''),
      flux: influxQuery(podman, 'demo-flux-1', 'SELECT * FROM home.autogen.temperature') + influxQuery(podman, 'demo-flux-1', 'SHOW DATABASES').split('\n').filter((line) => !line.endsWith(',_internal')).toSorted().join('\n'),
    }
  }

  /** All of it; the words of restricted mode are new each time. */
  function postgresDump(): string {
    return podman.cli('exec', '--env', `PGPASSWORD=${password}`, 'demo-pg-1', 'pg_dump', '--create', '-U', 'boss', '-d', strange).replaceAll(/^\\(un)?restrict .*$/gm, '')
  }

  function ruin(): void {
    mariadbSql(podman, 'demo-maria-1', 'DROP DATABASE `odd näme`; DELETE FROM shop.a; CREATE TABLE shop.more (x int)')
    postgresSql(podman, 'demo-pg-1', 'postgres', 'DROP DATABASE "we\'ird =base"')
    postgresSql(podman, 'demo-pg-1', 'postgres', 'DROP ROLE "Odd Röle"')
    redisCommand(podman, 'demo-cache-1', redisPort, 'SET', 'greeting', 'something else')
    redisCommand(podman, 'demo-cache-1', redisPort, '-n', '3', 'DEL', 'list')
    influxQuery(podman, 'demo-flux-1', 'DROP DATABASE home')
  }

  async function answering(): Promise<void> {
    await until(() => Object.keys(contents()).length > 0, 'the servers answer')
  }

  test('are dumped while they run, then stand still while their files are read', async () => {
    const { stdout } = await machine.holdfast(['backup', machine.app, '--to', machine.place, '--json'], { env: env() })
    assert.deepEqual((JSON.parse(stdout) as { warnings: unknown }).warnings, [])
    const events = (await machine.journals('.ndjson')).trim().split('\n').map((line) => eventSchema.parse(JSON.parse(line)))
    const dumped = events.flatMap(({ database }) => database === undefined ? [] : [database])
    assert.deepEqual(dumped.map(({ name, engine, rawFiles }) => [name, engine, rawFiles]), [
      ['flux', 'influxdb', 'volumes/flux'], ['maria/odd näme', 'mariadb', 'volumes/maria'], ['maria/shop', 'mariadb', 'volumes/maria'],
      ['pg/(roles)', 'postgresql', 'volumes/pg/data'], ['pg/postgres', 'postgresql', 'volumes/pg/data'], ["pg/we'ird =base", 'postgresql', 'volumes/pg/data'], ['cache', 'redis', 'volumes/cache'],
    ].toSorted((a, b) => dumped.findIndex(({ name }) => name === a[0]) - dumped.findIndex(({ name }) => name === b[0])))
    assert.deepEqual(dumped.find(({ name }) => name === "pg/we'ird =base")?.tables, [{ name: 'T 1', kind: 'table', rows: 3 }, { name: 'c;\\! id', kind: 'table', rows: 2 }, { name: 's.empty', kind: 'table', rows: 0 }, { name: 'v', kind: 'view' }, { name: 'w', kind: 'view' }])
    assert.deepEqual(dumped.find(({ name }) => name === 'maria/odd näme')?.tables, [{ name: 't', kind: 'table', rows: 2 }, { name: 'v', kind: 'view' }])
    for (const { version } of dumped) assert.match(version, /^\d+\.\d+/)
    assert.deepEqual(await podman.states(...Object.keys(servers)), Object.fromEntries(Object.keys(servers).map((name) => [name, 'running'])))
  })

  test('keep their passwords out of the journal and the log', async () => {
    const text = await machine.journals('.ndjson') + await machine.journals('.log')
    assert.ok(!text.includes(password) && !text.includes(password.slice(0, 12)))
  })

  test('come back by their dumps, imported by their own clients', async () => {
    await answering()
    ruin()
    overhearRedis()
    await machine.holdfast(['restore', 'latest', '--from', machine.place, '--only', 'databases', '--no-ask'], { env: env() })
    assert.deepEqual(contents(), original)
    assert.match(podman.exec('demo-cache-1', 'cat', '/tmp/overheard'), /^NOAUTH /, 'the second Redis, from which the first one takes the dump, answers nobody else')
  })

  /** A second server in the container is asked without a password as soon as it answers. */
  function overhearRedis(): void {
    podman.exec('demo-cache-1', 'sh', '-c', 'mkdir -p /usr/local/bin; echo "$1" > /usr/local/bin/redis-server; busybox chmod 755 /usr/local/bin/redis-server', 'sh', `#!/bin/sh
/usr/bin/redis-server "$@" || exit 1
for word; do
  [ "$last" = --port ] && port=$word
  last=$word
done
unset REDISCLI_AUTH
for try in 1 2 3 4 5 6 7 8 9 10; do
  redis-cli -h 127.0.0.1 -p "$port" --raw GET greeting > /tmp/overheard 2>&1
  grep -q -e 'Could not connect' -e LOADING /tmp/overheard || break
  sleep 0.1
done`)
  }

  test('are not touched by a dump in which commands for psql stand, and these are not run', async () => {
    const place = join(machine.folder, 'hostile')
    const owned = '/tmp/holdfast-owned'
    const isOwned = (): boolean => podman.exec('demo-pg-1', 'sh', '-c', `[ ! -e ${owned} ] || echo yes`) !== '' || existsSync(owned)
    const earlier = contents()
    const started = await Promise.all(Object.keys(servers).map(async (name) => await podman.startedAt(name)))
    const line = `SELECT 'C:\\' \\g |touch ${owned}`
    // psql itself would run it.
    podman.cli('exec', '--env', `PGPASSWORD=${password}`, 'demo-pg-1', 'sh', '-c', 'echo "$1" | psql -X -q -U boss -d postgres', 'sh', line)
    assert.ok(isOwned())
    podman.exec('demo-pg-1', 'rm', owned)
    // Whoever can change what is saved, its records too.
    wrapPostgresDump(line)
    postgresSql(podman, 'demo-pg-1', 'postgres', 'CREATE DATABASE closed ALLOW_CONNECTIONS false')
    const { stdout } = await machine.holdfast(['backup', machine.app, '--to', place, '--database-only', '--json'], { env: env(), status: 3 })
    unwrapPostgresDump()
    assert.deepEqual((JSON.parse(stdout) as { warnings: { code: string }[] }).warnings.map(({ code }) => code), ['containers.no-dump', 'database.unsafe', 'database.unsafe'], 'the backup tells it already, and the database that lets nobody in')
    postgresSql(podman, 'demo-pg-1', 'postgres', 'DROP DATABASE closed')
    const refused = await machine.holdfast(['restore', 'latest', '--from', place, '--no-ask', '--json'], { env: env(), status: 1 })
    const { error } = JSON.parse(refused.stdout) as { error: { code: string; message: string } }
    assert.equal(error.code, 'database.unsafe')
    assert.match(error.message, /^Line 1 of the dump holds .*command of the client psql/)
    assert.ok(!isOwned())
    assert.deepEqual(contents(), earlier)
    assert.deepEqual(await Promise.all(Object.keys(servers).map(async (name) => await podman.startedAt(name))), started, 'nothing was stopped')
  })

  function wrapPostgresDump(line: string): void {
    podman.exec('demo-pg-1', 'sh', '-c', 'rm /bin/pg_dump; printf \'#!/bin/sh\\ncat /bin/first-line\\nexec /usr/lib/postgresql/15/bin/pg_dump "$@"\\n\' > /bin/pg_dump; echo "$1" > /bin/first-line; chmod 755 /bin/pg_dump', 'sh', line)
  }

  function unwrapPostgresDump(): void {
    podman.exec('demo-pg-1', 'sh', '-c', 'rm /bin/pg_dump; cp /usr/lib/postgresql/15/bin/pg_dump /bin/pg_dump')
  }

  test('are brought back by an undo of that', async () => {
    ruin()
    const ruined = askable()
    await machine.holdfast(['restore', 'latest', '--from', machine.place, '--only', 'databases', '--no-ask'], { env: env() })
    await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'], { env: env() })
    assert.deepEqual(askable(), ruined)
  })

  /** What can be asked of the ruined servers too. */
  function askable(): string[] {
    return [
      mariadbSql(podman, 'demo-maria-1', 'SHOW TABLES FROM shop; SELECT count(*) FROM shop.a; SELECT count(*) FROM information_schema.tables WHERE table_schema = \'odd näme\''), postgresSql(podman, 'demo-pg-1', 'postgres', 'SELECT datname FROM pg_database ORDER BY 1'),
      redisCommand(podman, 'demo-cache-1', redisPort, 'GET', 'greeting'), influxQuery(podman, 'demo-flux-1', 'SHOW DATABASES').replace('databases,_internal\n', ''),
    ]
  }

  test('come back with their own files when everything is restored', async () => {
    await rm(join(data, 'maria/shop'), { recursive: true })
    await machine.holdfast(['restore', 'latest', '--from', machine.place, '--no-ask'], { env: env() })
    await answering()
    assert.deepEqual(contents(), original)
    assert.ok(!(await readdir(machine.app)).includes('databases'), 'dumps are no part of the application')
    assert.deepEqual(await podman.states(...Object.keys(servers)), Object.fromEntries(Object.keys(servers).map((name) => [name, 'running'])))
  })
})
