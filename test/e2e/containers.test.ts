import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { until } from '../fixtures/container-servers.ts'
import { Podman } from '../fixtures/podman.ts'
import type { Machine } from './machine.ts'
import { launcher, newMachine } from './machine.ts'

const untouched = ['reader', 'resting', 'still', 'other'] as const
const names = ['web', 'db', ...untouched] as const
const usual = { web: 'running', db: 'running', reader: 'running', resting: 'created', still: 'paused', other: 'running' }

suite('containers of an application', () => {
  let machine: Machine
  let podman: Podman
  const startedAt: Record<string, string> = {}

  before(async () => {
    [machine, podman] = await Promise.all([newMachine(), Podman.start()])
    await mkdir(join(machine.app, 'volumes/web'), { recursive: true })
    await mkdir(join(machine.folder, 'elsewhere'))
    await writeFile(join(machine.app, 'compose.yaml'), 'services: {}\n')
    await podman.create('db', { labels: service('db'), binds: [`${machine.app}/volumes:/data`] })
    await podman.create('web', { labels: { ...service('web'), 'com.docker.compose.depends_on': 'db:service_started:false' }, binds: [`${machine.app}/volumes/web:/data`] })
    await podman.create('reader', { labels: service('reader'), binds: [`${machine.app}/volumes:/data:ro`] })
    await podman.create('resting', { labels: service('resting'), binds: [`${machine.app}/volumes:/data`], isStopped: true })
    await podman.create('still', { binds: [`${machine.app}/volumes:/data`] })
    await podman.api('POST', '/containers/still/pause')
    await podman.create('other', { binds: [`${machine.folder}/elsewhere:/data`] })
    for (const name of names) startedAt[name] = await podman.startedAt(name)
  })

  after(async () => {
    await podman[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  function service(name: string): Record<string, string> {
    return { 'com.docker.compose.project': 'demo', 'com.docker.compose.project.working_dir': machine.app, 'com.docker.compose.service': name }
  }

  async function configure(frozen: string, containers: object = {}): Promise<void> {
    await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket, ...containers }, hooks: { frozen: [{ command: frozen }] } } }, place: machine.place })
  }

  /** A line of shell that writes down how all containers are. */
  const tellStates = (file = 'states'): string => `podman --url unix://${podman.socket} --remote ps --all --format '{{.Names}} {{.State}}' > ${join(machine.folder, file)}`

  async function toldStates(file = 'states'): Promise<Record<string, string>> {
    return Object.fromEntries((await readFile(join(machine.folder, file), 'utf8')).trim().split('\n').map((line) => {
      const [name = '', state = ''] = line.split(' ')
      return [name, state === 'Up' ? 'running' : state.toLowerCase()]
    }))
  }

  /** What makes its point incomplete. */
  async function warningsOf(args: readonly string[]): Promise<readonly { code: string; message: string; path?: string }[]> {
    return (JSON.parse((await machine.holdfast([...args, '--json'], { status: 3 })).stdout) as { warnings: { code: string; message: string; path?: string }[] }).warnings
  }

  const killGuard = 'for process in /proc/[0-9]*; do if tr "\\0" " " < $process/cmdline 2>/dev/null | grep -q "main.[jt]s guard $HOLDFAST_GUARDED"; then kill -9 ${process#/proc/}; fi; done'

  /** What a test's volumes leave behind would be missed by the next one's backups. */
  async function emptyPlace(): Promise<void> {
    await rm(machine.place, { recursive: true })
    await mkdir(machine.place)
  }

  async function running(what: string): Promise<void> {
    await until(async () => await podman.state('web') === 'running' && await podman.state('db') === 'running', what, 10_000)
  }

  function records(): string[] {
    return readdirSync(join(machine.state, 'demo')).filter((name) => name.startsWith('frozen-'))
  }

  test('that write stand still while the files are read, and exactly they run again', async () => {
    await configure(tellStates())
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'])
    assert.deepEqual((JSON.parse(stdout) as { warnings: unknown }).warnings, [])
    assert.deepEqual(await toldStates(), { ...usual, web: 'exited', db: 'exited' })
    assert.deepEqual(await podman.states(...names), usual)
    for (const name of untouched) assert.equal(await podman.startedAt(name), startedAt[name], `${name} was left alone`)
    assert.ok(await podman.startedAt('db') < await podman.startedAt('web'), 'what the other depends on is started first')
    assert.deepEqual(records(), [])
  })

  test('run while the hooks before the backup run, a stack\'s own pre_backup.sh too, and again when those after it do', async () => {
    const at = (moment: string): string => tellStates(`states-${moment}`)
    await writeFile(join(machine.app, 'pre_backup.sh'), `${at('script')}\n`, { mode: 0o755 })
    await writeFile(join(machine.app, 'post_backup.sh'), `${at('post-script')}\n`, { mode: 0o755 })
    const hooks = Object.fromEntries(['live-before', 'frozen', 'after'].map((moment) => [moment, [{ command: at(moment) }]]))
    await machine.configure({ apps: { demo: { preset: 'iotstack', root: machine.app, containers: { engine: podman.socket }, hooks } }, place: machine.place })
    await machine.holdfast(['backup', 'demo'])
    for (const moment of ['live-before', 'script', 'after', 'post-script']) assert.deepEqual(await toldStates(`states-${moment}`), usual, moment)
    assert.deepEqual(await toldStates('states-frozen'), { ...usual, web: 'exited', db: 'exited' })
    for (const name of ['pre_backup.sh', 'post_backup.sh']) await rm(join(machine.app, name))
  })

  test('run again within seconds after the run was killed', async () => {
    await configure('kill -9 $PPID; sleep 5')
    const earlier = await podman.startedAt('web')
    await machine.anyStatus(['backup', 'demo'])
    await running('the guard has started them')
    assert.notEqual(await podman.startedAt('web'), earlier, 'it had been stopped')
    await until(() => records().length === 0, 'the record is gone')
    assert.deepEqual(await podman.states(...names), usual)
    assert.match(await machine.journals('.log'), /thaw of demo started[\s\S]*running again: db, web/)
  })

  test('run again after Ctrl-C', async () => {
    await configure('kill -INT $PPID; sleep 5')
    await machine.holdfast(['backup', 'demo'], { status: 130 })
    assert.deepEqual(await podman.states(...names), usual)
    assert.deepEqual(records(), [])
  })

  test('run again after a failure', async () => {
    await configure('exit 1')
    await machine.holdfast(['backup', 'demo'], { status: 1 })
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('are started by "holdfast thaw --all", as at boot, where the guard was killed too', async () => {
    await configure(`HOLDFAST_GUARDED=${machine.state}; ${killGuard}; kill -9 $PPID; sleep 5`)
    await machine.anyStatus(['backup', 'demo'])
    assert.equal(records().length, 1)
    assert.deepEqual(await podman.states('web', 'db'), { web: 'exited', db: 'exited' })
    await machine.holdfast(['thaw', '--all', '--no-ask'])
    assert.deepEqual(await podman.states(...names), usual)
    assert.deepEqual(records(), [])
    assert.match((await machine.holdfast(['thaw', '--all'])).stdout, /Nothing stands still/)
    assert.match((await machine.holdfast(['thaw', 'never-run'])).stdout, /Nothing stands still/)
  })

  test('are left to a run that is at work by "holdfast thaw", which says so', async () => {
    await configure(`HOLDFAST_STATE=${machine.state} ${launcher} --config ${machine.configFile} thaw demo --wait 1s --json > ${machine.folder}/busy; echo $? >> ${machine.folder}/busy; ${tellStates()}`)
    await machine.holdfast(['backup', 'demo'])
    const [answer = '', status] = (await readFile(join(machine.folder, 'busy'), 'utf8')).trim().split(/\n(?=\d+$)/)
    assert.deepEqual([JSON.parse(answer), status], [{ thawed: [], busy: ['demo'], failed: [] }, '0'])
    assert.deepEqual(await toldStates(), { ...usual, web: 'exited', db: 'exited' })
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('are started by the next run, and counted as running by it', async () => {
    await configure(`HOLDFAST_GUARDED=${machine.state}; ${killGuard}; kill -9 $PPID; sleep 5`)
    await machine.anyStatus(['backup', 'demo'])
    assert.deepEqual(await podman.states('web', 'db'), { web: 'exited', db: 'exited' })
    await configure(tellStates())
    await machine.holdfast(['backup', 'demo'])
    assert.deepEqual(await toldStates(), { ...usual, web: 'exited', db: 'exited' })
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('are not stopped where the guard cannot be started', async () => {
    await configure('true')
    const before_ = [await podman.startedAt('web'), await podman.startedAt('db')]
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 1, env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('Object.defineProperty(process,"execPath",{value:"/bin/false"})')}` } })
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'containers.guard')
    assert.deepEqual([await podman.startedAt('web'), await podman.startedAt('db')], before_)
    assert.deepEqual(records(), [])
  })

  test('are paused, left, or found by their names alone, as the configuration says', async () => {
    await configure(tellStates(), { default: 'leave', services: { web: { mode: 'pause' }, other: { mode: 'stop' }, nobody: { mode: 'stop' } } })
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 3 })
    assert.deepEqual((JSON.parse(stdout) as { warnings: { code: string }[] }).warnings.map(({ code }) => code), ['containers.missing'])
    assert.deepEqual(await toldStates(), { ...usual, web: 'paused', other: 'exited' })
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('that are paused go on within seconds after the run was killed, without a new start', async () => {
    const containers = { default: 'leave', services: { web: { mode: 'pause' } } }
    const started = await podman.startedAt('web')
    await configure(`${tellStates()}; kill -9 $PPID; sleep 5`, containers)
    await machine.anyStatus(['backup', 'demo'])
    assert.deepEqual(await toldStates(), { ...usual, web: 'paused' })
    await until(async () => await podman.state('web') === 'running' && records().length === 0, 'the guard has unpaused it', 10_000)
    assert.equal(await podman.startedAt('web'), started)

    await configure(`HOLDFAST_GUARDED=${machine.state}; ${killGuard}; kill -9 $PPID; sleep 5`, containers)
    await machine.anyStatus(['backup', 'demo'])
    assert.equal(await podman.state('web'), 'paused')
    assert.equal(records().length, 1)
    await machine.holdfast(['thaw', '--all', '--no-ask'])
    assert.deepEqual(await podman.states(...names), usual)
    assert.equal(await podman.startedAt('web'), started)
  })

  test('that take their time to stop are given what stopTimeout says, which may be more or less than their own', async () => {
    const binds = [`${machine.app}/volumes:/data`]
    await podman.create('deaf', { binds, stopTimeout: 60, command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'] })
    await podman.create('tidy', { binds, stopTimeout: 1, command: ['sh', '-c', 'trap "sleep 2; echo whole > /data/tidied; exit 0" TERM; while :; do sleep 0.1; done'] })
    await configure(`cp ${machine.app}/volumes/tidied ${machine.folder}/tidied; ${tellStates()}`, { stopTimeout: '5s' })
    const startedMs = performance.now()
    const { notes } = JSON.parse((await machine.holdfast(['backup', 'demo', '--json'])).stdout) as { notes: { code: string; message: string }[] }
    assert.match(notes.filter(({ code }) => code === 'containers.killed').map(({ message }) => message).join('\n'), /^deaf did not stop within 5 s[^\n]*$/)
    assert.ok(performance.now() - startedMs < 40_000, 'one that heeds no signal is killed then')
    assert.deepEqual(await toldStates(), { ...usual, web: 'exited', db: 'exited', deaf: 'exited', tidy: 'exited' })
    assert.equal(await readFile(join(machine.folder, 'tidied'), 'utf8'), 'whole\n', 'one that ends within it is not')
    assert.deepEqual(await podman.states('deaf', 'tidy'), { deaf: 'running', tidy: 'running' })
    podman.cli('rm', '--force', '--time', '0', 'deaf', 'tidy')
  })

  test('with a database that does not run are told: as a warning where its files are saved nowhere', async () => {
    await mkdir(join(machine.app, 'maria'))
    await podman.create('inside', { labels: service('inside'), binds: [`${machine.app}/maria:/var/lib/mysql`], command: ['mariadbd'], isStopped: true })
    await podman.create('outside', { labels: service('outside'), binds: [`${machine.folder}/elsewhere:/var/lib/mysql`], command: ['mariadbd'], isStopped: true })
    await podman.create('layer', { labels: service('layer'), command: ['postgres'], isStopped: true })
    await podman.create('unwanted', { labels: service('unwanted'), command: ['redis-server'], isStopped: true })
    await configure('true', { services: { unwanted: { dump: false } } })
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 3 })
    const told = z.object({ warnings: z.array(z.looseObject({ code: z.string(), message: z.string() })), notes: z.array(z.looseObject({ code: z.string(), path: z.string().optional() })) }).parse(JSON.parse(stdout))
    assert.deepEqual(told.warnings.map(({ code, message }) => [code, message.split(' ')[0]]).toSorted(), [['containers.no-dump', 'layer'], ['containers.no-dump', 'outside']])
    assert.deepEqual(told.notes.flatMap(({ code, path }) => code === 'containers.no-dump' ? [path] : []), ['maria'])
    podman.cli('rm', '--force', '--time', '0', 'inside', 'outside', 'layer', 'unwanted')
  })

  test('that a stop would remove are paused instead', async () => {
    await podman.create('fleeting', { binds: [`${machine.app}/volumes:/data`], autoRemove: true })
    await configure(tellStates())
    await machine.holdfast(['backup', 'demo'])
    assert.equal((await toldStates())['fleeting'], 'paused')
    assert.equal(await podman.state('fleeting'), 'running')
    podman.cli('rm', '--force', '--time', '0', 'fleeting')
  })

  test('have their named volumes saved, restored and brought back by an undo', async () => {
    await podman.create('keeper', { labels: service('keeper'), binds: ['demo_data:/data'] })
    podman.exec('keeper', 'sh', '-c', 'echo one > /data/file; mkdir /data/folder; echo deep > /data/folder/deep; chmod 640 /data/folder/deep; chown 999:999 /data/file')
    const told = (): string => podman.exec('keeper', 'sh', '-c', 'cd /data; cat file folder/deep; stat -c "%n %a %u" file folder folder/deep; ls')
    const saved = told()
    await configure('true')
    await machine.holdfast(['backup', 'demo'])
    assert.match((await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])).stdout, /\.holdfast-volumes\/demo_data\/folder\/deep/)

    podman.exec('keeper', 'sh', '-c', 'rm -r /data/folder; echo two > /data/file; echo more > /data/more')
    const changed = podman.exec('keeper', 'sh', '-c', 'cat /data/file; ls /data')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
    assert.equal(told(), saved)
    assert.ok(!readdirSync(machine.app).includes('.holdfast-volumes'))
    await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
    assert.equal(podman.exec('keeper', 'sh', '-c', 'cat /data/file; ls /data'), changed)

    await mkdir(join(machine.app, '.holdfast-volumes/demo_data'), { recursive: true })
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 3 })
    assert.deepEqual((JSON.parse(stdout) as { warnings: { code: string; path?: string }[] }).warnings.map(({ code, path }) => [code, path]), [['containers.volumes-as-files', '.holdfast-volumes']])
    await rm(join(machine.app, '.holdfast-volumes'), { recursive: true })

    podman.cli('rm', '--force', '--time', '0', 'keeper')
    podman.cli('volume', 'rm', 'demo_data')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
    await podman.create('keeper', { labels: service('keeper'), binds: ['demo_data:/data'] })
    assert.equal(told(), saved)
    podman.cli('rm', '--force', '--time', '0', 'keeper')
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('whose volume is found no more make a point without it incomplete, until it is left out on purpose', async () => {
    // The volume of the test before, whose container is gone.
    await configure('true')
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'], { status: 3 })
    assert.deepEqual((JSON.parse(stdout) as { warnings: { code: string }[] }).warnings.map(({ code }) => code), ['volume.gone'])
    await machine.configure({ apps: { demo: { root: machine.app, exclude: ['/.holdfast-volumes/demo_data/'], containers: { engine: podman.socket } } }, place: machine.place })
    await machine.holdfast(['backup', 'demo'])
    podman.cli('volume', 'rm', 'demo_data')
  })

  test('that are made anew during the backup stand still too, and those that somebody starts meanwhile are told', async () => {
    const remote = `podman --url unix://${podman.socket} --remote`
    const anew = { Image: 'localhost/busybox', Cmd: ['sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'], Labels: service('web'), HostConfig: { NetworkMode: 'host', Binds: [`${machine.app}/volumes/web:/data`], Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 1024 }, { Name: 'nproc', Soft: 1024, Hard: 1024 }] } }
    await writeFile(join(machine.folder, 'anew.mjs'), `
import { request } from 'node:http'
const call = (method, path, body) => new Promise((resolve, reject) => request({ socketPath: ${JSON.stringify(podman.socket)}, method, path: '/v1.41/containers/' + path, headers: { 'content-type': 'application/json' } }, (answer) => answer.resume().on('end', resolve)).on('error', reject).end(body && JSON.stringify(body)))
await call('DELETE', 'web?force=true&t=0')
await call('POST', 'create?name=web', ${JSON.stringify(anew)})
await call('POST', 'web/start')
`)
    await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket }, hooks: { 'live-before': [{ command: `${process.execPath} ${machine.folder}/anew.mjs` }], frozen: [{ command: tellStates() }] } } }, place: machine.place })
    await machine.holdfast(['backup', 'demo'])
    assert.deepEqual(await toldStates(), { ...usual, web: 'exited', db: 'exited' })
    assert.deepEqual(await podman.states(...names), usual)

    // One that was stopped for it, one that stood still by itself and does so again, and one that is new.
    await configure(`${remote} start web; ${remote} start resting; ${remote} stop --time 5 resting`)
    const warnings = await warningsOf(['backup', 'demo'])
    assert.deepEqual(warnings.map(({ code, message }) => [code, message.split(' ')[0]]).sort(), [['containers.restarted', 'resting'], ['containers.restarted', 'web']])
    podman.cli('rm', '--force', '--time', '0', 'resting')
    await podman.create('resting', { labels: service('resting'), binds: [`${machine.app}/volumes:/data`], isStopped: true })
    assert.deepEqual(await podman.states(...names), usual)
  })

  test('have volumes that are another folder saved from there, restored there, and made again with what they were made with', async () => {
    const device = join(machine.folder, 'device')
    await mkdir(device)
    await writeFile(join(device, 'file'), 'one')
    const made = (): unknown => (JSON.parse(podman.cli('volume', 'inspect', 'demo_my_bound')) as { Options: unknown; Labels: unknown }[]).map(({ Options, Labels }) => ({ Options, Labels }))
    podman.cli('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${device}`, '--label', 'com.docker.compose.project=demo_my', '--label', 'com.docker.compose.volume=bound', 'demo_my_bound')
    const before_ = made()
    await podman.create('keeper', { labels: service('keeper'), binds: ['demo_my_bound:/data'] })
    await configure('true')
    await machine.holdfast(['backup', 'demo'])
    await writeFile(join(device, 'file'), 'two')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
    assert.equal(podman.exec('keeper', 'cat', '/data/file'), 'one')

    podman.cli('rm', '--force', '--time', '0', 'keeper')
    podman.cli('volume', 'rm', 'demo_my_bound')
    await rm(device, { recursive: true })
    const warnings = await warningsOf(['restore', 'latest', '--app', 'demo', '--no-ask'])
    assert.deepEqual(warnings.map(({ code }) => code), ['restore.volume-as-files'])
    await rm(join(machine.app, '.holdfast-volumes'), { recursive: true })
    await mkdir(device)
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
    assert.equal(await readFile(join(device, 'file'), 'utf8'), 'one')
    assert.deepEqual(made(), before_)
    podman.cli('volume', 'rm', 'demo_my_bound')
    await emptyPlace()
  })

  test('whose volumes the engine mounts only for them: they are told as not saved, but where a paused one keeps them mounted', async () => {
    const layer = (name: string): string => join(machine.folder, 'layers', name)
    for (const name of ['lower', 'upper', 'work']) await mkdir(layer(name), { recursive: true })
    await writeFile(join(layer('lower'), 'file'), 'precious')
    podman.cli('volume', 'create', '--opt', 'type=overlay', '--opt', 'device=overlay', '--opt', `o=lowerdir=${layer('lower')},upperdir=${layer('upper')},workdir=${layer('work')}`, 'demo_far')
    await podman.create('keeper', { labels: service('keeper'), binds: ['demo_far:/data'] })
    assert.equal(podman.exec('keeper', 'cat', '/data/file'), 'precious')
    await configure('true')
    const warnings = await warningsOf(['backup', 'demo'])
    assert.deepEqual(warnings.map(({ code, path }) => [code, path]), [['containers.volume', '.holdfast-volumes/demo_far']])
    await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket }, exclude: ['/.holdfast-volumes/demo_far/'] } }, place: machine.place })
    await machine.holdfast(['backup', 'demo'])
    await configure('true', { services: { keeper: { mode: 'pause' } } })
    await machine.holdfast(['backup', 'demo'])
    assert.match((await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])).stdout, /\.holdfast-volumes\/demo_far\/file/)
    assert.deepEqual((await warningsOf(['restore', 'latest', '--app', 'demo', '--no-ask'])).map(({ code }) => code), ['restore.volume-as-files'])
    assert.equal(podman.exec('keeper', 'cat', '/data/file'), 'precious')
    await rm(join(machine.app, '.holdfast-volumes'), { recursive: true })
    podman.cli('rm', '--force', '--time', '0', 'keeper')
    podman.cli('volume', 'rm', 'demo_far')
    await emptyPlace()
  })

  test('that are gone leave the volumes of their compose project, which are saved, and a note', async () => {
    const root = join(machine.folder, 'down')
    await mkdir(root)
    await writeFile(join(root, 'compose.yaml'), 'name: gone\nservices: {web: {image: x, volumes: ["data:/data"]}}\nvolumes: {data: {}}\n')
    podman.cli('volume', 'create', '--label', 'com.docker.compose.project=gone', 'gone_data')
    podman.cli('volume', 'create', '--label', 'com.docker.compose.project=another', 'another_data')
    await podman.create('former', { binds: ['gone_data:/data'] })
    podman.exec('former', 'sh', '-c', 'echo precious > /data/file')
    podman.cli('rm', '--force', '--time', '0', 'former')
    await machine.configure({ apps: { down: { root, containers: { engine: podman.socket } } }, place: machine.place })
    const { notes } = JSON.parse((await machine.holdfast(['backup', 'down', '--json'])).stdout) as { notes: { code: string }[] }
    assert.ok(notes.some(({ code }) => code === 'containers.none'))
    const { stdout } = await machine.holdfast(['show', 'latest', '--app', 'down', '--files'])
    assert.match(stdout, /\.holdfast-volumes\/gone_data\/file/)
    assert.doesNotMatch(stdout, /another_data/)
    podman.cli('volume', 'rm', 'gone_data', 'another_data')
  })

  test('and those of others that write into a volume of theirs stand still, in a restore too', async () => {
    const elsewhere = { 'com.docker.compose.project': 'else', 'com.docker.compose.project.working_dir': machine.folder, 'com.docker.compose.service': 'x' }
    await podman.create('keeper', { labels: service('keeper'), binds: ['shared:/data'] })
    await podman.create('foreign', { labels: elsewhere, binds: ['shared:/data', 'foreign_own:/own'], command: ['sh', '-c', 'trap "exit 0" TERM; while :; do echo more >> /data/log; sleep 0.1; done'] })
    await podman.create('looker', { labels: elsewhere, binds: ['shared:/data:ro'] })
    const lookerStarted = await podman.startedAt('looker')
    await configure(tellStates())
    await machine.holdfast(['backup', 'demo'])
    const { keeper, foreign, looker } = await toldStates()
    assert.deepEqual({ keeper, foreign, looker }, { keeper: 'exited', foreign: 'exited', looker: 'running' })
    assert.doesNotMatch((await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])).stdout, /foreign_own/)

    podman.cli('rm', '--force', '--time', '0', 'keeper')
    const started = await podman.startedAt('foreign')
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
    assert.notEqual(await podman.startedAt('foreign'), started)
    assert.deepEqual(await podman.states('foreign', 'looker'), { foreign: 'running', looker: 'running' })
    assert.equal(await podman.startedAt('looker'), lookerStarted)
    podman.cli('rm', '--force', '--time', '0', 'foreign', 'looker')
    podman.cli('volume', 'rm', 'shared', 'foreign_own')
    await emptyPlace()
  })

  test('and write into a folder that the preset does not know: it is told, unless it was left out on purpose', async () => {
    await mkdir(join(machine.app, 'mydata'), { recursive: true })
    await podman.create('keeper', { labels: service('keeper'), binds: [`${machine.app}/mydata:/data`] })
    const stack = (more: object): Promise<void> => machine.configure({ apps: { demo: { preset: 'iotstack', root: machine.app, containers: { engine: podman.socket }, ...more } }, place: machine.place })
    await stack({})
    const warnings = await warningsOf(['backup', 'demo'])
    assert.deepEqual(warnings.map(({ code, path }) => [code, path]), [['containers.not-included', 'mydata']])
    for (const more of [{ exclude: ['/mydata/'] }, { include: ['/volumes/'] }]) {
      await stack(more)
      await machine.holdfast(['backup', 'demo'])
    }
    podman.cli('rm', '--force', '--time', '0', 'keeper')
  })

  test('with Nextcloud are in maintenance mode meanwhile, and surely out of it again', async () => {
    // Its occ and PHP are stand-ins: what is shown is that they are called, as the owner, and undone after a kill too.
    const html = join(machine.app, 'html')
    await mkdir(join(html, 'config'), { recursive: true })
    await writeFile(join(html, 'occ'), '')
    await writeFile(join(html, 'config/config.php'), '')
    await writeFile(join(machine.folder, 'php'), '#!/bin/sh\n[ "$1 $2" = "occ maintenance:mode" ] || exit 1\nif [ -n "$3" ]; then echo "$3 $(id -u)" >> config/config.php; exit; fi\ncase $(tail -n 1 config/config.php) in --on*) echo "Maintenance mode is currently enabled" ;; *) echo "Maintenance mode is currently disabled" ;; esac\n')
    await chmod(join(machine.folder, 'php'), 0o755)
    await podman.create('cloud', { labels: service('cloud'), binds: [`${html}:/var/www/html`, `${machine.folder}/php:/bin/php:ro`] })
    podman.exec('cloud', 'chown', '33', '/var/www/html/config/config.php', '/var/www/html/config')
    await configure(`cp ${html}/config/config.php ${machine.folder}/during`, { default: 'leave', services: { cloud: { mode: 'maintenance' } } })
    await machine.holdfast(['backup', 'demo'])
    assert.equal(await readFile(join(machine.folder, 'during'), 'utf8'), '--on 33\n')
    assert.equal(await readFile(join(html, 'config/config.php'), 'utf8'), '--on 33\n--off 33\n')
    const saved = (await machine.holdfast(['show', 'latest', '--app', 'demo', '--json'])).stdout
    await configure('kill -9 $PPID; sleep 5', { default: 'leave', services: { cloud: { mode: 'maintenance' } } })
    await machine.anyStatus(['backup', 'demo'])
    await until(async () => await readFile(join(html, 'config/config.php'), 'utf8') === '--on 33\n--off 33\n--on 33\n--off 33\n', 'the guard has switched it off', 10_000)
    await configure(`HOLDFAST_GUARDED=${machine.state}; ${killGuard}; kill -9 $PPID; sleep 5`, { default: 'leave', services: { cloud: { mode: 'maintenance' } } })
    await machine.anyStatus(['backup', 'demo'])
    assert.match(await readFile(join(html, 'config/config.php'), 'utf8'), /--on 33\n$/, 'nobody is left to switch it off')
    await machine.holdfast(['thaw', '--all', '--no-ask'])
    assert.equal(await readFile(join(html, 'config/config.php'), 'utf8'), '--on 33\n--off 33\n'.repeat(3))
    assert.deepEqual(records(), [])

    // Whoever has switched it on before switches it off.
    podman.exec('cloud', 'sh', '-c', 'cd /var/www/html && echo "--on by hand" >> config/config.php')
    await configure('true', { default: 'leave', services: { cloud: { mode: 'maintenance' } } })
    const { stdout } = await machine.holdfast(['backup', 'demo', '--json'])
    assert.ok((JSON.parse(stdout) as { notes: { code: string }[] }).notes.some(({ code }) => code === 'containers.maintenance'))
    assert.match(await readFile(join(html, 'config/config.php'), 'utf8'), /--on by hand\n$/)

    // What was saved in that mode comes back in it, and is taken out of it.
    const { id } = z.object({ id: z.string() }).parse(JSON.parse(saved))
    await machine.holdfast(['restore', id, '--app', 'demo', '--no-ask'])
    assert.equal(await readFile(join(html, 'config/config.php'), 'utf8'), '--on 33\n--off 33\n')
    const elsewhere = await machine.holdfast(['restore', id, '--app', 'demo', '--target', join(machine.folder, 'elsewhere/cloud'), '--no-ask', '--json'])
    assert.match(elsewhere.stdout, /docker exec --user www-data NAME php occ maintenance:mode --off/)
    podman.cli('rm', '--force', '--time', '0', 'cloud')
  })
})
