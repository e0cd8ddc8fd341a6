import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { answerOf } from './program.ts'
import type { Answer } from './program.ts'

const password = 'canary-archive'

suite('on a new machine, with nothing but the place and the password,', () => {
  let machine: Machine
  let server: MariadbServer

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    await createSampleDatabase(server, 'erp', 30)
    await mkdir(join(machine.app, 'files'))
    await writeFile(join(machine.app, 'files/letter'), 'hello')
    await machine.configure({
      apps: {
        demo: {
          root: machine.app, password: { env: 'ARCHIVE_PASSWORD' }, keep: { last: 5 },
          databases: [{ type: 'mariadb', name: 'erp', socket: server.socket, user: 'root' }],
          hooks: { after: [{ command: ['touch', join(machine.folder, 'hook-ran')] }], 'after-restore': [{ command: ['touch', join(machine.folder, 'restore-hook-ran')] }] },
        },
      },
      vaults: { nas: { type: 'archive', place: machine.place } },
    })
    await machine.backup(['demo'], { env: { ARCHIVE_PASSWORD: password } })
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  // Trusting first: the configuration without hooks is what the next backup would keep.
  for (const trust of [['--trust-hooks'], []]) {
    test(`"restore latest --from PLACE"${trust.length > 0 ? ' with --trust-hooks' : ''} brings application, database and configuration back`, async () => {
      const tree = await describeTree(machine.app)
      const sums = await databaseSum(server, 'erp')
      await server.sql('DROP DATABASE erp')
      await rm(join(machine.folder, 'hook-ran'), { force: true })
      for (const folder of [machine.app, machine.state, machine.configFile]) await rm(folder, { recursive: true })

      const fresh = join(machine.folder, `fresh${trust.length}`)
      const args = ['restore', 'latest', '--from', machine.place, '--db-socket', server.socket, '--db-user', 'root', ...trust, '--no-ask']
      const { status, stdout, stderr } = await onNewMachine(machine, fresh, `"$@" && cp -r /etc/holdfast ${fresh}/etc-holdfast`, [launcher, ...args])
      assert.equal(status, 0, stdout + stderr)
      assert.deepEqual(await describeTree(machine.app), tree)
      assert.deepEqual(await databaseSum(server, 'erp'), sums)
      const text = await readFile(join(fresh, 'etc-holdfast/holdfast.yaml'), 'utf8')
      const app = parse(text).apps.demo
      assert.equal(app.root, machine.app)
      assert.equal(app.keep.last, 5)
      assert.deepEqual(app.databases.map(({ name }: { name: string }) => name), ['erp'])
      assert.deepEqual(app.password, { env: 'ARCHIVE_PASSWORD' })
      assert.doesNotMatch(text + stdout + stderr, /canary/)
      assert.match(stderr, /Set ARCHIVE_PASSWORD, as before/)
      assert.equal(text.includes('hook-ran'), trust.length > 0)
      await assert.rejects(readFile(join(machine.folder, 'restore-hook-ran')), 'no hook of an archive ran in the restore that brought it')

      // The configuration that came back is one that the next backup runs with.
      await cp(join(fresh, 'etc-holdfast/holdfast.yaml'), machine.configFile)
      await machine.backup(['demo'], { env: { ARCHIVE_PASSWORD: password } })
      assert.equal(await readFile(join(machine.folder, 'hook-ran'), 'utf8').then(() => true, () => false), trust.length > 0)
    })
  }

  test('a wrong password ends with 12 and touches nothing', async () => {
    const fresh = join(machine.folder, 'wrong')
    const tree = await describeTree(machine.app)
    const { status } = await onNewMachine(machine, fresh, '"$@"', [launcher, 'restore', 'latest', '--from', machine.place, '--no-ask'], 'wrong')
    assert.equal(status, 12)
    assert.deepEqual(await describeTree(machine.app), tree)
  })
})

test('a configuration that this version does not understand keeps nobody from the files, and is told', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.configure({ apps: { demo: { root: machine.app, format: 'folder' } }, place: machine.place })
  const [point] = await machine.backup(['demo'])
  const trailer = join(machine.place, point?.key ?? '', `.holdfast-${point?.id}`)
  const manifest = JSON.parse(await readFile(join(trailer, 'manifest.json'), 'utf8'))
  const text = `${JSON.stringify({ ...manifest, config: `${manifest.config}ofAnotherVersion: 1\n` }, undefined, 1)}\n`
  const sum = createHash('sha256').update(text).digest('hex')
  await writeFile(join(trailer, 'manifest.json'), text)
  await writeFile(join(trailer, 'manifest.sha256'), (await readFile(join(trailer, 'manifest.sha256'), 'utf8')).replace(/^[0-9a-f]{64}/, sum))
  for (const folder of [machine.app, machine.state]) await rm(folder, { recursive: true })
  const { status, stdout, stderr } = await onNewMachine(machine, join(machine.folder, 'fresh'), '"$@"', [launcher, 'restore', 'latest', '--from', machine.place, '--no-ask'])
  assert.equal(status, 3, stdout + stderr)
  assert.match(stdout + stderr, /configuration kept in the restore point cannot be used/)
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'hello')
})

test('of several applications in one place, each brings its part of the configuration back', async () => {
  await using machine = await newMachine()
  const notes = join(machine.folder, 'notes')
  await mkdir(notes)
  await Promise.all([writeFile(join(machine.app, 'letter'), 'hello'), writeFile(join(notes, 'list'), 'milk')])
  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 5 } }, notes: { root: notes, exclude: ['/tmp/'] } }, vaults: { nas: { type: 'archive', place: machine.place } } })
  for (const name of ['demo', 'notes']) await machine.backup([name])
  for (const folder of [machine.app, notes, machine.state, machine.configFile]) await rm(folder, { recursive: true })

  const fresh = join(machine.folder, 'fresh')
  const restore = (name: string): string => `'${launcher}' restore latest --from '${machine.place}' --app ${name} --no-ask`
  // Afterwards the names are enough: nothing is missing in the configuration that came back.
  const { status, stdout, stderr } = await onNewMachine(machine, fresh, `${restore('demo')}; ${restore('notes')}; '${launcher}' backup notes; cp -r /etc/holdfast '${fresh}/etc-holdfast'`, [])
  assert.equal(status, 0, stdout + stderr)
  assert.deepEqual(await Promise.all([readFile(join(machine.app, 'letter'), 'utf8'), readFile(join(notes, 'list'), 'utf8')]), ['hello', 'milk'])
  assert.match(stderr, /kept for notes is now part of \/etc\/holdfast\/holdfast\.yaml/)
  const { apps, vaults } = parse(await readFile(join(fresh, 'etc-holdfast/holdfast.yaml'), 'utf8'))
  assert.deepEqual([apps.demo.keep.last, apps.notes.exclude, Object.keys(vaults)], [5, ['/tmp/'], ['nas']])
})

test('a restore whose configuration cannot be written tells all that it did, warns, and ends with 3', async () => {
  await using machine = await machineWithPoint()
  await rm(machine.app, { recursive: true })
  const readOnly = 'mkdir /etc/holdfast && mount -t tmpfs -o ro tmpfs /etc/holdfast && "$@"'
  const { status, stdout, stderr } = await onNewMachine(machine, join(machine.folder, 'fresh'), readOnly, [launcher, 'restore', 'latest', '--from', machine.place, '--no-ask', '--json'])
  assert.equal(status, 3, stdout + stderr)
  const { outcome, target, configuration, warnings } = restoredSchema.parse(JSON.parse(stdout))
  assert.deepEqual([outcome, target, configuration], ['partial', machine.app, undefined])
  assert.match(warnings[0]?.message ?? '', /^The configuration .* could not be written to \/etc\/holdfast\/holdfast\.yaml: .*read-only.*The restore itself is complete.*by hand/)
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'hello')
})

test('where the configuration that is there cannot be changed, the one that comes back is written beside it', async () => {
  await using machine = await machineWithPoint()
  await machine.configure({ apps: { notes: { root: join(machine.folder, 'notes') } }, vaults: { nas: { type: 'archive', place: machine.place } } })
  // A file that is a mount point can be read and not be replaced, also by root.
  const { status, stdout, stderr } = await answerOf('unshare', ['--mount', 'sh', '-c', `mount --bind '${machine.configFile}' '${machine.configFile}' && exec "$@"`, 'sh', launcher, '--config', machine.configFile, 'restore', 'latest', '--from', machine.place, '--no-ask', '--json'], { cwd: machine.folder, env: machine.env })
  assert.equal(status, 0, stdout + stderr)
  const { configuration, notes } = restoredSchema.parse(JSON.parse(stdout))
  assert.equal(configuration, join(machine.folder, 'holdfast-demo.yaml'))
  assert.match(notes[0]?.message ?? '', /could not be written to .*holdfast\.yaml: /)
  assert.equal(parse(await readFile(configuration ?? '', 'utf8')).apps.demo.root, machine.app)
})

test('an application that was renamed does not come back under its old name, and is found by both', async () => {
  await using machine = await machineWithPoint()
  const [point] = await machine.points()
  await machine.configure({ apps: { shop: { root: machine.app } }, vaults: { nas: { type: 'archive', place: machine.place } } })
  const live = await readFile(machine.configFile, 'utf8')
  const files = await readdir(machine.folder)
  await machine.backup(['shop'])
  await writeFile(join(machine.app, 'letter'), 'spoilt')
  assert.match((await machine.holdfast(['restore', 'latest', '--no-ask'], { status: 1 })).stderr, /several applications.*demo, shop.*\n.*--app/)
  for (const args of [[point?.id ?? '', '--path', 'letter'], [point?.id ?? ''], ['latest', '--app', 'demo']]) {
    const { id, configuration } = restoredSchema.parse(await machine.json(['restore', ...args, '--no-ask']))
    assert.deepEqual([id, configuration], [point?.id, undefined])
  }
  assert.equal(await readFile(join(machine.app, 'letter'), 'utf8'), 'hello')
  assert.equal(await readFile(machine.configFile, 'utf8'), live)
  assert.deepEqual((await readdir(machine.folder)).filter((name) => !name.startsWith('.demo.')), files)
})

test('points of a removed application are found by its name, also where no application is left; a name that nothing has is told', async () => {
  await using machine = await machineWithPoint()
  for (const vaults of [{ nas: { type: 'archive', place: machine.place } }, {}]) {
    await machine.configure({ apps: {}, vaults, place: machine.place })
    assert.match((await machine.holdfast(['list', 'demo'])).stdout, /demo/)
    assert.match((await machine.holdfast(['list', 'dmeo'], { status: 1 })).stderr, /There is no application "dmeo".*\[app\.unknown\]/)
  }
  await machine.configure({ apps: {}, place: join(machine.folder, 'nowhere') })
  await machine.holdfast(['list', 'demo'], { status: 1 }).then(({ stderr }) => assert.match(stderr, /\[app\.unknown\]/))
})

for (const part of [['--path', 'letter'], ['--only', 'files']]) {
  test(`a part of an application (${part[0]}) brings no configuration, whether there is one or not`, async () => {
    await using machine = await machineWithPoint()
    await machine.configure({ apps: { notes: { root: join(machine.folder, 'notes') } }, vaults: { nas: { type: 'archive', place: machine.place } } })
    const live = await readFile(machine.configFile, 'utf8')
    const files = await readdir(machine.folder)
    const args = ['restore', 'latest', '--from', machine.place, ...part, '--no-ask']
    await machine.holdfast(args)
    assert.equal(await readFile(machine.configFile, 'utf8'), live)
    assert.deepEqual((await readdir(machine.folder)).filter((name) => !name.startsWith('.demo.')), files)
    const { status, stdout, stderr } = await onNewMachine(machine, join(machine.folder, 'fresh'), '"$@" && test ! -e /etc/holdfast', [launcher, ...args])
    assert.equal(status, 0, stdout + stderr)
  })
}

test('an archive that is named by its path never changes the configuration, and becomes one only with --trust', async () => {
  await using machine = await machineWithPoint()
  const [point] = await machine.points()
  const args = ['restore', join(machine.place, point?.key ?? ''), '--no-ask', '--json']
  await machine.configure({ apps: { notes: { root: join(machine.folder, 'notes') } }, vaults: { nas: { type: 'archive', place: machine.place } } })
  const live = await readFile(machine.configFile, 'utf8')
  for (const trust of [[], ['--trust', '--trust-hooks']]) {
    const { configuration } = restoredSchema.parse(JSON.parse((await machine.holdfast([...args, ...trust])).stdout))
    assert.equal(configuration, join(machine.folder, 'holdfast-demo.yaml'))
    assert.equal(await readFile(machine.configFile, 'utf8'), live)
  }
  for (const [trust, file, other] of [[[], 'holdfast-demo.yaml', 'holdfast.yaml'], [['--trust'], 'holdfast.yaml', 'holdfast-demo.yaml']] as const) {
    const { status, stdout, stderr } = await onNewMachine(machine, join(machine.folder, `fresh${trust.length}`), `"$@" && test ! -e /etc/holdfast/${other} && grep -q 'last: 5' /etc/holdfast/${file}`, [launcher, ...args, ...trust])
    assert.equal(status, 0, stdout + stderr)
    assert.equal(restoredSchema.parse(JSON.parse(stdout)).configuration, `/etc/holdfast/${file}`)
  }
})

const remarksSchema = z.array(z.object({ message: z.string() }))
const restoredSchema = z.object({ outcome: z.string(), id: z.string(), target: z.string(), configuration: z.string().optional(), notes: remarksSchema, warnings: remarksSchema })

/** One application with a letter, saved under the name "demo". */
async function machineWithPoint(): Promise<Machine> {
  const machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 5 } } }, vaults: { nas: { type: 'archive', place: machine.place } } })
  await machine.backup(['demo'])
  return machine
}

/** Root on a machine that has never seen Holdfast: in a mount namespace of its own, /etc and /var are what they are, and what is written there goes aside. */
async function onNewMachine(machine: Machine, fresh: string, script: string, command: readonly string[], secret = password): Promise<Answer> {
  for (const folder of ['home', 'etc', 'etc-work', 'var', 'var-work']) await mkdir(join(fresh, folder), { recursive: true })
  const overlay = (path: string): string => `mount -t overlay overlay -o lowerdir=/${path},upperdir=${fresh}/${path},workdir=${fresh}/${path}-work /${path}`
  const line = `set -e; ${overlay('etc')}; ${overlay('var')}; rm -rf /etc/holdfast /var/lib/holdfast /var/backups/holdfast; ${script}`
  return await answerOf('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', line, 'sh', ...command], {
    cwd: '/', env: { PATH: machine.env['PATH'] ?? '', HOME: join(fresh, 'home'), LANG: 'C.UTF-8', HOLDFAST_PASSWORD: secret },
  })
}
