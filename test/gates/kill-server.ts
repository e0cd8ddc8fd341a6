import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Gate } from '../../scripts/gate.ts'
import { overviewSchema, pointsPageSchema } from '../../src/model/api/overview.ts'
import { runsPageSchema } from '../../src/model/api/runs.ts'
import { Tally } from '../faults/tally.ts'
import { Podman } from '../fixtures/podman.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { demoMachine, RunningServer } from '../server/e2e/running-server.ts'

const patienceMs = 20_000

type Trial = { readonly server: RunningServer; readonly podman: Podman; readonly random: () => number; readonly tally: Tally }

const victims = ['the run', 'both', 'the server', 'the server'] as const
const writers = ['db', 'web'] as const

/**
 * The server is killed while runs go on whose containers stand still, or a run is, or both are. The run goes on without the server,
 * or is told as interrupted; after the next start nothing is lost, everybody who was signed in still is, nothing is left
 * running or stopped, and the next backup is fine.
 */
export const gate: Gate = {
  name: 'kill-server',
  async run({ full, seed }) {
    const tally = new Tally()
    await using podman = await Podman.start()
    const machine = await demoMachine((m) => ({ apps: { demo: { root: m.app, keep: { last: 8 }, containers: { engine: podman.socket }, hooks: { frozen: [{ command: `sleep 0.3 # ${m.folder}` }] } } } }))
    mkdirSync(join(machine.app, 'volumes'))
    writeFileSync(join(machine.app, 'compose.yaml'), 'services: {}\n')
    for (let number = 0; number < 50; number++) writeFileSync(join(machine.app, 'volumes', `file ${number}`), `content ${number}`.repeat(1000))
    for (const name of writers) await podman.create(name, { binds: [`${machine.app}/volumes:/data`], stopTimeout: 1, labels: { 'com.docker.compose.project': 'demo', 'com.docker.compose.project.working_dir': machine.app, 'com.docker.compose.service': name } })
    await using server = await RunningServer.start(machine)
    const trial: Trial = { server, podman, random: seededRandom(seed), tally }
    await server.work('POST', '/api/apps/demo/backup', {})
    for (let round = 0; round < (full ? 100 : 3); round++) {
      const what = victims[round % victims.length] ?? 'the server'
      await tally.point(`kill ${round}, of ${what}`, async () => await killOnce(trial, what))
      if (server.hasEnded) await server.begin()
    }
    return tally.result(['killed', 'the run ended', 'stood still when killed'])
  },
}

async function killOnce({ server, podman, random, tally }: Trial, what: typeof victims[number]): Promise<void> {
  const { folder } = server.machine
  await server.until('the catalog is there', async () => (await points(server)).length > 0, patienceMs)
  const earlier = await points(server)
  const asked = await server.ask('POST', '/api/apps/demo/backup', {})
  if (asked.status !== 202) throw new Error(`a backup was answered with ${asked.status}: ${asked.text}`)
  await sleep(random() * 2500)
  tally.count(`killed: ${what}`)
  if (what !== 'the server') for (const pid of runsOf(folder)) process.kill(pid, 'SIGKILL')
  if (what !== 'the run') await server.end('SIGKILL')
  tally.count(`stood still when killed: ${await stoodStill(podman)} of ${writers.length}`)
  if (what !== 'the run') await server.begin()
  await server.until('nothing is left running', async () => processesOf(folder, server.pid).length === 0 && (await server.get(overviewSchema, 'GET', '/api/apps')).apps.every(({ running, queued }) => running === undefined && !queued), patienceMs)
  const [line] = (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs
  const ended = newestJournal(join(server.machine.state, 'demo/runs'))
  if (ended === undefined) throw new Error('no journal was written')
  if (line !== undefined && line.outcome === undefined) throw new Error(`${line.run} is told as running`)
  tally.count(`the run ended: ${line?.outcome ?? 'before its journal'}`)
  await server.until('all that was there is there, but for what retention took', async () => {
    const now = new Set((await points(server)).map(({ id }) => id))
    return earlier.slice(0, 3).every(({ id }) => now.has(id))
  }, patienceMs)
  await server.until('all containers run', async () => await stoodStill(podman) === 0, patienceMs)
  const next = await server.work('POST', '/api/apps/demo/backup', {})
  if (next.outcome !== 'ok') throw new Error(`the next backup ended ${next.outcome}: ${JSON.stringify(next.error)}`)
  tally.count('the next backup succeeded')
}

async function stoodStill(podman: Podman): Promise<number> {
  return Object.values(await podman.states(...writers)).filter((state) => state !== 'running').length
}

async function points(server: RunningServer): Promise<readonly { readonly id: string }[]> {
  return (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points
}

/** The last line of the newest journal, where it tells an end. */
function newestJournal(folder: string): string | undefined {
  const newest = readdirSync(folder).filter((name) => name.endsWith('.ndjson')).sort().at(-1)
  return newest === undefined ? undefined : readFileSync(join(folder, newest), 'utf8').trimEnd().split('\n').at(-1)
}

function runsOf(folder: string): readonly number[] {
  return processesOf(folder, -1).filter((pid) => commandOf(pid).includes('\0backup\0'))
}

/** All whose command line names this machine's folder. */
function processesOf(folder: string, but: number): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid !== but && pid !== process.pid && commandOf(pid).includes(folder))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
