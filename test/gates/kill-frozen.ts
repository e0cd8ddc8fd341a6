import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { chooseCalls, pointName } from '../faults/kill-points.ts'
import type { KillPoint } from '../faults/program.ts'
import { Program } from '../faults/program.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { Podman } from '../fixtures/podman.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

type Trial = { readonly program: Program; readonly podman: Podman; readonly config: string; readonly tally: Tally }

const calls = ['write', 'openat', 'rename', 'fsync', 'fdatasync', 'connect', 'read', 'close', 'unlink'] as const
const writers = ['db', 'web', 'slow'] as const
const stoodStill = 'a container stood still when killed'
const others: Readonly<Record<string, string>> = { reader: 'running', resting: 'created', still: 'paused' }
const withinMs = 10_000
/** A guard that comes upon a stop under way watches as long as that may take. */
const longestMs = 40_000

/** So many kills must really have met containers that stood still; of the others, that come too early or too late, as many as it takes. */
const wanted = { full: 50, sample: 3 } as const
const triesPerWanted = 4

/**
 * A run is killed at any place while its containers stand still, or are about to, or run again: within 10 s after each of these
 * kills exactly those run that ran before. It goes on until enough of them have met a container that stood still.
 */
export const gate: Gate = {
  name: 'kill-frozen',
  async run({ full, seed }) {
    const tally = new Tally()
    const longest = { ms: 0 }
    const count = full ? wanted.full : wanted.sample
    const random = seededRandom(seed)
    await withTrialFolder(async (folder) => {
      await using podman = await Podman.start()
      const trial = await prepare(folder, podman, tally)
      const profile = join(folder, 'profile')
      // The first run compiles, and calls what no later one does: its counts would be another's.
      for (const options of [{}, { profile: { calls, file: profile } }]) {
        const whole = await trial.program.run(backup(trial), options)
        if (whole.status !== 0) throw new Error(`an undisturbed backup ended with ${whole.status ?? whole.signal}: ${whole.stdout}${whole.stderr}`)
      }
      const phases = ['freeze', 'freeze', 'freeze', ...trial.program.newestPhases().filter((phase) => ['files', 'thaw', 'seal'].includes(phase))]
      const tries = count * triesPerWanted
      const traced = chooseCalls(profile, /^\d+\s+write\(.*quiesc|^\d+\s+openat\(.*frozen-/, tries, random)
      for (let index = 0; tally.of(stoodStill) < count && index < tries; index++) {
        // Two of five at a call.
        const call = index % 5 === 1 || index % 5 === 3 ? traced[index] : undefined
        const phase = phases[index % phases.length] ?? 'files'
        const point: KillPoint = call ?? { kind: 'phase', phase, delayMs: Math.floor(random() * (phase === 'freeze' ? 2500 : 500)) }
        await tally.point(pointName(point), async () => await killOnce(trial, point, longest))
      }
      if (tally.of(stoodStill) < count) tally.fail(`only ${tally.of(stoodStill)} of ${tries} kills met a container that stood still; ${count} are wanted`)
    })
    const { figures, ok } = tally.result(['killed in phase', 'stood still when killed'])
    return { figures: { ...figures, 'longest until all ran again (s)': Math.round(longest.ms / 100) / 10 }, ok }
  },
}

async function prepare(folder: string, podman: Podman, tally: Tally): Promise<Trial> {
  const root = join(folder, 'stack')
  const config = join(folder, 'holdfast.yaml')
  mkdirSync(join(root, 'volumes'), { recursive: true })
  for (let number = 0; number < 200; number++) writeFileSync(join(root, 'volumes', `${number}.txt`), `content ${number}`.repeat(500))
  writeFileSync(join(root, 'compose.yaml'), 'services: {}\n')
  // Files are read for a moment, so that there is something to be killed in.
  writeFileSync(config, `apps:\n  stack:\n    root: ${root}\n    containers: {engine: ${podman.socket}}\n    hooks: {frozen: [{command: sleep 0.7}]}\nplace: ${join(folder, 'place')}\n`, { mode: 0o600 })
  mkdirSync(join(folder, 'place'))
  const binds = [`${root}/volumes:/data`]
  await podman.create('db', { binds, labels: service(root, 'db'), stopTimeout: 1 })
  await podman.create('web', { binds, labels: { ...service(root, 'web'), 'com.docker.compose.depends_on': 'db:service_started:false' }, stopTimeout: 1 })
  // A stop that takes its time is one that may be cut off.
  await podman.create('slow', { binds, command: ['sh', '-c', 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.1; done'], stopTimeout: 3 })
  await podman.create('reader', { binds: [`${root}/volumes:/data:ro`], labels: service(root, 'reader') })
  await podman.create('resting', { binds, isStopped: true })
  await podman.create('still', { binds })
  await podman.api('POST', '/containers/still/pause')
  return { program: new Program(folder), podman, config, tally }
}

function service(root: string, name: string): Record<string, string> {
  return { 'com.docker.compose.project': 'stack', 'com.docker.compose.project.working_dir': root, 'com.docker.compose.service': name }
}

function backup({ config }: Pick<Trial, 'config'>): string[] {
  return ['--config', config, 'backup', 'stack', '--no-ask', '--no-verify']
}

async function killOnce(trial: Trial, point: KillPoint, longest: { ms: number }): Promise<void> {
  const { program, podman, tally } = trial
  const runs = join(program.state, 'stack/runs')
  const earlier = new Set(readdirSync(runs))
  const ended = await program.run(backup(trial), { killAt: point })
  const killedMs = performance.now()
  const isKilled = ended.signal === 'SIGKILL'
  tally.count(isKilled ? 'really killed' : 'ended before the kill')
  // One that is about to stop runs still.
  const still = Object.values(await podman.states(...writers)).filter((state) => state !== 'running' && state !== 'stopping').length
  if (isKilled) tally.count(`stood still when killed: ${still} of ${writers.length}`)
  if (isKilled && still > 0) tally.count(stoodStill)
  // All must run, and go on running: a stop that was cut off may still take effect.
  let runsSinceMs: number | undefined
  for (;;) {
    const states = await podman.states(...writers)
    const now = performance.now()
    if (Object.values(states).every((state) => state === 'running')) runsSinceMs ??= now
    else runsSinceMs = undefined
    const isOver = !readdirSync(join(program.state, 'stack')).some((name) => name.startsWith('frozen-'))
    if (runsSinceMs !== undefined && isOver && now - runsSinceMs > 300) break
    if (now - killedMs > longestMs) throw new Error(`${JSON.stringify(states)} ${longestMs / 1000} s after the kill; the record is ${isOver ? 'gone' : 'there'}`)
    await sleep(50)
  }
  for (const [name, usual] of Object.entries(others)) {
    const state = await podman.state(name)
    if (state !== usual) throw new Error(`${name} is ${state} instead of ${usual}`)
  }
  const journals = readdirSync(runs).filter((name) => name.endsWith('.ndjson') && !earlier.has(name)).map((name) => eventsOf(join(runs, name)))
  const killed = journals.find(([first]) => first?.kind === 'backup')?.filter(({ type }) => type !== 'run.finished') ?? []
  tally.count(`killed in phase: ${killed.findLast(({ type }) => type === 'run.phase')?.phase ?? 'before its journal'}`)
  // With a record of what happened the time counts from the last that the run could tell: it was killed later than that.
  const thawed = journals.find(([first]) => first?.kind === 'thaw')?.find(({ type }) => type === 'containers.thawed')
  if (thawed !== undefined) tally.count('brought back by the guard')
  const toldMs = thawed === undefined ? 0 : Date.parse(thawed.at) - Date.parse(killed.at(-1)?.at ?? thawed.at)
  const ms = Math.max(toldMs, runsSinceMs - killedMs)
  longest.ms = Math.max(longest.ms, ms)
  if (ms > withinMs) throw new Error(`they ran again only after ${(ms / 1000).toFixed(1)} s`)
}

const eventSchema = z.looseObject({ type: z.string(), at: z.string(), kind: z.string().optional(), phase: z.string().optional() })

function eventsOf(file: string): z.infer<typeof eventSchema>[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line.endsWith('}')).map((line) => eventSchema.parse(JSON.parse(line)))
}
