import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Gate } from '../../scripts/gate.ts'
import { overviewSchema, pointsPageSchema } from '../../src/model/api/overview.ts'
import { runsPageSchema } from '../../src/model/api/runs.ts'
import type { RunReport } from '../../src/model/run-report.ts'
import { readJournal } from '../../src/runs/interrupted-runs.ts'
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
 * or is told as interrupted where it was killed itself before its end; after the next start nothing is lost, everybody who was
 * signed in still is, nothing is left running or stopped, and the next backup is fine.
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
    if (full && tally.of('runs that were killed before their end') === 0) tally.fail('no run was killed before its end')
    return tally.result(['killed', 'the run ended', 'stood still when killed'])
  },
}

async function killOnce({ server, podman, random, tally }: Trial, what: typeof victims[number]): Promise<void> {
  const { folder } = server.machine
  const runsFolder = join(server.machine.state, 'demo/runs')
  const earlierJournals = journalsIn(runsFolder)
  await server.until('the catalog is there', async () => (await points(server)).length > 0, patienceMs)
  const earlier = await points(server)
  const asked = await server.ask('POST', '/api/apps/demo/backup', {})
  if (asked.status !== 202) throw new Error(`a backup was answered with ${asked.status}: ${asked.text}`)
  await sleep(random() * 2500)
  tally.count(`killed: ${what}`)
  const killed = what === 'the server' ? [] : runsOf(folder)
  for (const pid of killed) kill(pid)
  if (killed.length > 0) await server.until('those that were killed are gone', () => runsOf(folder).length === 0, patienceMs)
  // Nobody writes into it now but who tells that it was interrupted.
  const run = killed.length === 0 ? undefined : await backupIn(runsFolder, earlierJournals)
  if (what !== 'the run') await server.end('SIGKILL')
  tally.count(`stood still when killed: ${await stoodStill(podman)} of ${writers.length}`)
  if (what !== 'the run') await server.begin()
  await server.until('nothing is left running', async () => {
    const { apps } = await server.get(overviewSchema, 'GET', '/api/apps')
    // A server that has just begun lists none.
    return processesOf(folder, server.pid).length === 0 && apps.length === 1 && apps.every(({ running, queued }) => running === undefined && !queued)
  }, patienceMs)
  const lines = async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs
  if (run !== undefined && (run.outcome === undefined || run.outcome === 'interrupted')) {
    tally.count('runs that were killed before their end')
    await server.until(`${run.run}, which was killed before its end, is told as interrupted`, async () => (await lines()).find((each) => each.run === run.run)?.outcome === 'interrupted', patienceMs)
  }
  await server.until('no run is told as running', async () => (await lines()).every(({ outcome }) => outcome !== undefined), patienceMs)
  tally.count(`the run ended: ${(await lines())[0]?.outcome ?? 'before its journal'}`)
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

function journalsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ndjson')) : []
}

/** The backup whose journal was not there earlier, as far as its journal tells of it. */
async function backupIn(folder: string, earlier: readonly string[]): Promise<RunReport | undefined> {
  for (const name of journalsIn(folder)) {
    const report = earlier.includes(name) ? undefined : (await readJournal(join(folder, name)))?.report
    if (report?.kind === 'backup') return report
  }
  return undefined
}

/** One that has just ended by itself is none to be killed. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone.
  }
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
