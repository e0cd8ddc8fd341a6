import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryName, temporaryPrefix } from '../../src/kit/temporary-name.ts'
import { until } from '../fixtures/container-servers.ts'
import { Podman } from '../fixtures/podman.ts'
import { newMachine } from './machine.ts'

// A stand-in, as InfluxDB 2 is not to be had here: it shows our side alone.
const influxd = '#!/bin/sh\nif [ "$1" = version ]; then echo "InfluxDB v2.7.1 (git: 407fa622e9) build_date: 2023-04-28"; exit 0; fi\ntrap "exit 0" TERM\nwhile :; do sleep 0.2; done\n'
const influx = `#!/bin/sh
[ "$INFLUX_TOKEN" = "$(cat /var/lib/influxdb2/token)" ] || { echo "Error: unauthorized access" >&2; exit 1; }
case "$1 $2" in
  "bucket list") cat /var/lib/influxdb2/buckets; exit ;;
  "bucket delete") echo "$4" >> /var/lib/influxdb2/deleted; exit ;;
esac
case "$1" in
  backup) while [ -e /var/lib/influxdb2/wait ]; do mkdir -p "$2"; sleep 0.1; done; mkdir -p "$2" && cp /var/lib/influxdb2/points "$2/20260101.bolt"; cp /var/lib/influxdb2/token /var/lib/influxdb2/buckets "$2" ;;
  restore) [ "$3" = --full ] && cp "$2/20260101.bolt" /var/lib/influxdb2/points && cp "$2/token" "$2/buckets" /var/lib/influxdb2 ;;
  *) exit 2 ;;
esac
`

test('InfluxDB 2 is asked with the token of its container, and its backup comes back (by a stand-in); what a killed run leaves in the container is removed by the next one', async () => {
  await using machine = await newMachine()
  await using podman = await Podman.start()
  for (const [name, text] of [['influxd', influxd], ['influx', influx]] as const) {
    await writeFile(join(machine.folder, name), text)
    await chmod(join(machine.folder, name), 0o755)
  }
  const data = join(machine.app, 'data')
  await mkdir(data)
  await writeFile(join(data, 'points'), 'one')
  await writeFile(join(data, 'token'), 'to ken "1"')
  await writeFile(join(data, 'buckets'), '0001\thome\t720h\n0002\t_monitoring\t168h\n')
  await writeFile(join(machine.app, 'compose.yaml'), 'services: {}\n')
  await podman.create('flux2', {
    command: ['influxd'], env: { DOCKER_INFLUXDB_INIT_ADMIN_TOKEN: 'to ken "1"' }, binds: [`${data}:/var/lib/influxdb2`, `${machine.folder}/influxd:/bin/influxd:ro`, `${machine.folder}/influx:/bin/influx:ro`],
    labels: { 'com.docker.compose.project': 'demo', 'com.docker.compose.project.working_dir': machine.app, 'com.docker.compose.service': 'flux' },
  })
  await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket, services: { flux: { mode: 'exec' } } } } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'])
  const { stdout } = await machine.holdfast(['show', 'latest', '--app', 'demo', '--files'])
  assert.match(stdout, /databases\/flux\.tar/)
  assert.ok(!stdout.includes('data/points'), 'raw files of a server that runs on are left out')
  podman.exec('flux2', 'sh', '-c', 'echo ruined > /var/lib/influxdb2/points')
  await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
  assert.equal(podman.exec('flux2', 'cat', '/var/lib/influxdb2/points'), 'one')
  assert.ok(!(await machine.journals('.ndjson')).includes('to ken'))

  // A run that is killed in the middle of its dump leaves it in the container; the next one removes it, and nothing of a process that is alive.
  const left = (): string[] => podman.exec('flux2', 'ls', '-a', '/tmp').split('\n').filter((name) => name.startsWith(temporaryPrefix))
  const alive = temporaryName()
  podman.exec('flux2', 'mkdir', `/tmp/${alive}`)
  assert.deepEqual(left(), [alive])
  await writeFile(join(data, 'wait'), '')
  const killed = Promise.withResolvers<number>()
  const ended = machine.anyStatus(['backup', 'demo'], { started: killed.resolve })
  await until(() => left().length === 2, 'the dump is under way')
  process.kill(await killed.promise, 'SIGKILL')
  await ended
  assert.equal(left().length, 2, 'nobody removes it at once')
  await rm(join(data, 'wait'))
  const { stdout: answer } = await machine.holdfast(['backup', 'demo', '--json'])
  assert.deepEqual((JSON.parse(answer) as { notes: { code: string }[] }).notes.filter(({ code }) => code === 'containers.tidied').length, 1)
  assert.deepEqual(left(), [alive])

  // A full restore brings the tokens of the restore point: what it refuses from then on is told, and an undo takes the former one.
  const configure = async (token: string): Promise<void> => await machine.configure({ apps: { demo: { root: machine.app, containers: { engine: podman.socket, services: { flux: { mode: 'exec', dump: { token } } } } } }, place: machine.place })
  await writeFile(join(data, 'token'), 'new')
  await writeFile(join(data, 'points'), 'two')
  await configure('new')
  const restored = await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask', '--json'], { status: 3 })
  assert.match(restored.stdout, /takes the token no more that it took before: its tokens are those of the restore point now/)
  assert.equal(await readFile(join(data, 'points'), 'utf8'), 'one')
  await configure('to ken "1"')
  await machine.holdfast(['restore', '--undo', '--app', 'demo', '--no-ask'])
  assert.equal(await readFile(join(data, 'points'), 'utf8'), 'two')

  // What was empty before is empty again.
  await writeFile(join(data, 'token'), 'to ken "1"')
  await writeFile(join(data, 'buckets'), '0002\t_monitoring\t168h\n')
  await machine.holdfast(['restore', 'latest', '--app', 'demo', '--no-ask'])
  await machine.holdfast(['restore', '--undo', '--app', 'demo', '--no-ask'])
  assert.equal(await readFile(join(data, 'deleted'), 'utf8'), '0001\n')
})
