import assert from 'node:assert/strict'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { mariadbSql, password, startMariadbContainer } from '../fixtures/container-servers.ts'
import { Podman } from '../fixtures/podman.ts'
import type { Machine } from './machine.ts'
import { newMachine } from './machine.ts'

const remarksSchema = z.array(z.looseObject({ code: z.string(), message: z.string(), path: z.string().optional() })).optional()
const answerSchema = z.object({ notes: remarksSchema, warnings: remarksSchema, error: z.object({ code: z.string(), message: z.string() }).optional() })
const projects = ['prod', 'staging'] as const

suite('two compose projects in one application, each with a database of the same name in a service of the same name', () => {
  let machine: Machine
  let podman: Podman

  before(async () => {
    [machine, podman] = await Promise.all([newMachine(), Podman.start()])
    await writeFile(join(machine.app, 'compose.yaml'), 'services: {}\n')
    await Promise.all(projects.map(async (project) => await startMariadbContainer(podman, `${project}-db-1`, join(machine.app, `${project}-data`), { labels: labels(project, 'db'), env: { MARIADB_ROOT_PASSWORD: password } })))
    for (const project of projects) mariadbSql(podman, `${project}-db-1`, `CREATE DATABASE app; CREATE TABLE app.t (word text); INSERT INTO app.t VALUES ('${project}')`)
    mariadbSql(podman, 'prod-db-1', "CREATE DATABASE `gitea ü-1`; CREATE TABLE `gitea ü-1`.t (x int)")
    await podman.create('prod-web-1', { labels: { ...labels('prod', 'web'), 'com.docker.compose.depends_on': 'db:service_started:false' } })
    await podman.create('staging-web-1', { labels: labels('staging', 'web') })
    await podman.create('prod-reader-1', { labels: labels('prod', 'reader') })
    // Neither of these is the service: one of "docker compose run", and somebody else's that has its name.
    const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.2; done', 'mariadbd']
    await podman.create('prod-db-run-1', { labels: { ...labels('prod', 'db'), 'com.docker.compose.oneoff': 'True' }, command })
    await podman.create('db', { labels: labels('foreign', 'database', machine.folder), command })
    await configure(undefined)
  })

  after(async () => {
    await podman[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  function labels(project: string, service: string, folder = machine.app): Record<string, string> {
    return { 'com.docker.compose.project': project, 'com.docker.compose.project.working_dir': folder, 'com.docker.compose.service': service }
  }

  async function configure(dump: object | undefined): Promise<void> {
    const db = dump === undefined ? { mode: 'exec' } : { mode: 'exec', dump }
    await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket, services: { db, reader: { mode: 'leave' } } } } }, place: machine.place })
  }

  const words = (): string[] => projects.map((project) => mariadbSql(podman, `${project}-db-1`, 'SELECT * FROM app.t').trim())
  const restore = ['restore', 'latest', '--app', 'demo', '--no-ask']

  test('each gets its own back, and its own by an undo; what may use them stands still meanwhile, unless the configuration says otherwise', async () => {
    await machine.holdfast(['backup', 'demo'])
    const { stdout } = await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])
    for (const project of projects) assert.ok(stdout.includes(`databases/${project}_db_app.sql`), stdout)
    for (const project of projects) mariadbSql(podman, `${project}-db-1`, "UPDATE app.t SET word = concat(word, ' later')")
    const clients = ['prod-web-1', 'staging-web-1', 'prod-reader-1', 'db']
    const started = await Promise.all(clients.map(async (name) => await podman.startedAt(name)))
    await machine.holdfast(restore)
    assert.deepEqual(words(), ['prod', 'staging'])
    assert.deepEqual(await podman.states(...clients), Object.fromEntries(clients.map((name) => [name, 'running'])))
    const again = await Promise.all(clients.map(async (name) => await podman.startedAt(name)))
    assert.deepEqual(again.map((at, index) => at === started[index]), [false, false, true, true], 'was left alone')
    await machine.holdfast(['restore', '--undo', '--app', 'demo', '--no-ask'])
    assert.deepEqual(words(), ['prod later', 'staging later'])
  })

  test('the text for a restore by hand names the project', async () => {
    const guide = (await readdir(machine.place)).find((name) => name.endsWith('.md')) ?? ''
    assert.match(await readFile(join(machine.place, guide), 'utf8'), /docker compose -p staging exec -T db /)
  })

  test('databases that the user does not see are told where raw files are left out; those that the configuration leaves out, in a note', async () => {
    mariadbSql(podman, 'prod-db-1', "CREATE USER keeper@localhost IDENTIFIED BY 'k'; GRANT ALL ON app.* TO keeper@localhost")
    mariadbSql(podman, 'staging-db-1', "CREATE USER keeper@localhost IDENTIFIED BY 'k'; GRANT ALL ON *.* TO keeper@localhost")
    await configure({ user: 'keeper', password: 'k' })
    const { warnings = [] } = answerSchema.parse(await machine.json(['backup', 'demo'], { status: 3 }))
    assert.deepEqual(warnings.map(({ code }) => code), ['containers.no-dump'])
    assert.match(warnings[0]?.message ?? '', /^Not all databases in prod-db-1 are dumped, and its raw files are not saved: "gitea ü-1"\./)
    await configure({ user: 'keeper', password: 'k', databases: ['app'] })
    const { notes = [] } = answerSchema.parse(await machine.json(['backup', 'demo']))
    assert.deepEqual(notes.flatMap(({ code, message }) => code === 'containers.no-dump' ? [/not saved: (.*)$/.exec(message)?.[1]] : []), ['"gitea ü-1"'])
  })

  test('without a container of its project a dump is not imported into the other one', async () => {
    const earlier = words()
    podman.cli('rm', '--force', '--time', '20', 'staging-db-1')
    const { error } = answerSchema.parse(await machine.json(restore, { status: 1 }))
    assert.equal(error?.code, 'containers.ambiguous')
    assert.match(error.message, /^staging\/db\/app belongs to the service db of the project staging, of which no container is here; prod-db-1 \(project prod\)/)
    assert.equal(mariadbSql(podman, 'prod-db-1', 'SELECT * FROM app.t').trim(), earlier[0])
  })
})
