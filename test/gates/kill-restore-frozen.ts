import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnSync } from 'node:child_process'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { describeTree, differences } from '../faults/describe-tree.ts'
import { chooseCalls, pointName } from '../faults/kill-points.ts'
import type { Ended, KillPoint } from '../faults/program.ts'
import { Program } from '../faults/program.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { Podman } from '../fixtures/podman.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

/** Files of the application and of its volume together, a line each. */
type State = ReadonlyMap<string, string>
type Trial = { readonly program: Program; readonly podman: Podman; readonly config: string; readonly live: readonly Live[]; readonly before: State; readonly after: State; readonly tally: Tally; readonly longest: { ms: number } }
/** A folder that is restored, and what it holds before that. */
type Live = { readonly folder: string; readonly former: string }

const calls = ['write', 'openat', 'rename', 'renameat2', 'pwrite64', 'fdatasync', 'connect', 'close', 'unlink', 'utimensat'] as const
const writers = ['db', 'web', 'slow', 'keeper'] as const
const others: Readonly<Record<string, string>> = { reader: 'running', resting: 'created', still: 'paused' }
const withinMs = 10_000
/** A guard that comes upon a stop under way watches as long as that may take. */
const longestMs = 40_000

const errorSchema = z.object({ error: z.object({ code: z.string() }) })
const statusSchema = z.object({ reasons: z.array(z.object({ code: z.string() })) })
const mountSchema = z.object({ Mountpoint: z.string() })

/**
 * A restore in place is killed while containers are about to stand still, stand still or run again. Either exactly those run again
 * that ran before, on exactly the old or the new files; or the application is half restored, which status says, nothing runs on
 * it whatever is tried, and finishing or rolling back — killed themselves, and repeated — ends with both.
 */
export const gate: Gate = {
  name: 'kill-restore-frozen',
  async run({ full, seed }) {
    const tally = new Tally()
    const longest = { ms: 0 }
    const random = seededRandom(seed)
    await withTrialFolder(async (folder) => {
      await using podman = await Podman.start()
      // To trace a whole restore takes longer than a sample may.
      const profile = full ? join(folder, 'profile') : undefined
      const trial = await prepare(folder, podman, profile, tally, longest)
      const during = ['freeze', 'safety', 'swap', 'swap', 'check', 'thaw'] as const
      const points: readonly KillPoint[] = [
        ...Array.from({ length: full ? 20 : 2 }, (_, index): KillPoint => {
          const phase = during[((full ? index : 3 * index) + seed) % during.length] ?? 'swap'
          return { kind: 'phase', phase, delayMs: Math.floor(random() * (phase === 'freeze' ? 2000 : phase === 'thaw' ? 400 : 40)) }
        }),
        ...profile === undefined ? [] : [
          // From here on the files themselves are changed.
          ...chooseCalls(profile, /^\d+\s+write\(.*phase.{3,5}swap/, 20, random),
          ...chooseCalls(profile, /^\d+\s+openat\(.*frozen-/, 20, random),
        ],
      ]
      for (const [index, point] of points.entries()) await tally.point(pointName(point), async () => await killOnce(trial, point, index + seed, random))
    })
    const { figures, ok } = tally.result(['killed in phase', 'stood still when killed', 'found afterwards', 'ended with'])
    return { figures: { ...figures, 'longest until all ran again (s)': Math.round(longest.ms / 100) / 10 }, ok }
  },
}

async function prepare(folder: string, podman: Podman, profile: string | undefined, tally: Tally, longest: { ms: number }): Promise<Trial> {
  const root = join(folder, 'stack')
  const config = join(folder, 'holdfast.yaml')
  for (const path of ['volumes/deep', 'services']) mkdirSync(join(root, path), { recursive: true })
  for (let number = 0; number < 30; number++) writeFileSync(join(root, 'volumes', `${number}.txt`), `of the point ${number}`.repeat(100))
  writeFileSync(join(root, 'compose.yaml'), 'services: {}\n')
  writeFileSync(config, `apps:\n  stack:\n    root: ${root}\n    containers: {engine: ${podman.socket}}\nplace: ${join(folder, 'place')}\n`, { mode: 0o600 })
  mkdirSync(join(folder, 'place'))
  const binds = [`${root}/volumes:/data`]
  await podman.create('db', { binds, labels: service(root, 'db'), stopTimeout: 1 })
  await podman.create('web', { binds, labels: { ...service(root, 'web'), 'com.docker.compose.depends_on': 'db:service_started:false' }, stopTimeout: 1 })
  // A stop that takes its time is one that may be cut off.
  await podman.create('slow', { binds, command: ['sh', '-c', 'trap "sleep 0.7; exit 0" TERM; while :; do sleep 0.1; done'], stopTimeout: 3 })
  await podman.create('keeper', { binds: ['stack_data:/data'], labels: service(root, 'keeper'), stopTimeout: 1 })
  await podman.create('reader', { binds: [`${root}/volumes:/data:ro`], labels: service(root, 'reader') })
  await podman.create('resting', { binds, isStopped: true })
  await podman.create('still', { binds })
  await podman.api('POST', '/containers/still/pause')
  const volume = mountSchema.parse(await podman.api('GET', '/volumes/stack_data')).Mountpoint
  for (let number = 0; number < 10; number++) writeFileSync(join(volume, `${number}.txt`), `of the volume ${number}`)
  const live: readonly Live[] = [{ folder: root, former: join(folder, 'former') }, { folder: volume, former: join(folder, 'former-volume') }]
  const program = new Program(folder)
  requireOk(await program.run(['--config', config, 'backup', 'stack', '--no-ask', '--no-verify']))
  const original = describe(live)
  for (const { folder: from, former } of live) cpSync(from, former, { recursive: true, preserveTimestamps: true })
  damage(join(folder, 'former/volumes'))
  damage(join(folder, 'former-volume'))
  const trial = { program, podman, config, live, tally, longest }
  reset(trial)
  const before = describe(live)
  requireOk(await program.run(restoreArguments(trial), profile === undefined ? {} : { profile: { calls, file: profile } }))
  const after = describe(live)
  // What the others are compared with must itself be right.
  const wrong = differences(after, original)
  if (wrong.length > 0) tally.fail(`an undisturbed restore: ${wrong.join('; ')}`)
  return { ...trial, before, after }
}

function service(root: string, name: string): Record<string, string> {
  return { 'com.docker.compose.project': 'stack', 'com.docker.compose.project.working_dir': root, 'com.docker.compose.service': name }
}

/** What a bad week does. */
function damage(folder: string): void {
  for (let number = 0; number < 10; number += 3) rmSync(join(folder, `${number}.txt`))
  for (let number = 1; number < 10; number += 3) writeFileSync(join(folder, `${number}.txt`), 'changed')
  mkdirSync(join(folder, 'added'))
  writeFileSync(join(folder, 'added/new'), 'new')
}

function describe(live: readonly Live[]): Map<string, string> {
  return new Map(live.flatMap(({ folder }, index) => [...describeTree(folder)].map(([name, facts]): [string, string] => [`${index} ${name}`, facts])))
}

/** Folders that containers have mounted stay the same folders. */
function reset({ live }: Pick<Trial, 'live'>): void {
  for (const { folder, former } of live) {
    rmSync(join(folder, '..', `.${folder.slice(folder.lastIndexOf('/') + 1)}.holdfast`), { recursive: true, force: true })
    for (const kept of [folder, join(folder, 'volumes')]) {
      if (existsSync(kept)) for (const name of readdirSync(kept)) if (name !== 'volumes') rmSync(join(kept, name), { recursive: true })
    }
    const { status, stderr } = spawnSync('cp', ['-a', `${former}/.`, folder], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`cp -a failed: ${stderr}`)
  }
}

function restoreArguments({ config }: Pick<Trial, 'config'>): string[] {
  return ['--config', config, 'restore', 'latest', '--app', 'stack', '--no-ask']
}

async function killOnce(trial: Trial, point: KillPoint, index: number, random: () => number): Promise<void> {
  const { program, podman, tally, live, before, after } = trial
  reset(trial)
  const untouched = await startTimes(podman)
  const ended = await program.run(restoreArguments(trial), { killAt: point })
  const killedMs = performance.now()
  tally.count(ended.signal === 'SIGKILL' ? 'really killed' : 'ended before the kill')
  tally.count(`killed in phase: ${program.newestPhases().at(-1) ?? 'before its journal'}`)
  tally.count(`stood still when killed: ${writers.length - await runningNow(podman)} of ${writers.length}`)
  const runsSinceMs = await guardsEnd(trial)
  if (await isUnfinished(trial)) {
    tally.count('found afterwards: half restored, and said so')
    await staysStill(trial, index)
    await finish(trial, index % 2 === 0 ? '--rollback' : '--resume', index, random)
  } else {
    const left = describe(live)
    const alike = differences(left, before).length === 0 ? 'the old files' : differences(left, after).length === 0 ? 'the new files' : undefined
    if (alike === undefined) throw new Error(`files that are neither old nor new count as whole: ${differences(left, before).join('; ')}`)
    tally.count(`found afterwards: ${alike}`)
    const laterMs = await allRun(trial, killedMs)
    const ms = runsSinceMs === undefined ? laterMs : runsSinceMs - killedMs
    trial.longest.ms = Math.max(trial.longest.ms, ms)
    if (ms > withinMs) throw new Error(`they ran again only after ${(ms / 1000).toFixed(1)} s`)
  }
  for (const [name, wanted] of Object.entries(others)) {
    const state = await podman.state(name)
    if (state !== wanted) throw new Error(`${name} is ${state} instead of ${wanted}`)
  }
  if (await startTimes(podman) !== untouched) throw new Error('one that nobody stops was started anew')
}

/** On half an application nothing runs: neither the guard, the boot unit nor the next backup starts anything. */
async function staysStill({ program, podman, config, tally }: Trial, index: number): Promise<void> {
  if (index % 3 === 0) requireOk(await program.run(['--config', config, 'thaw', '--all', '--no-ask']))
  if (index % 3 === 1) {
    const { status, value, stdout } = await program.json(['--config', config, 'backup', 'stack', '--no-verify'])
    if (status !== 1 || errorSchema.safeParse(value).data?.error.code !== 'state.unfinished-restore') throw new Error(`the next backup was not refused: ${stdout}`)
  }
  const running = await runningNow(podman)
  if (running > 0) throw new Error(`${running} run on a half restored application`)
  tally.count('half restored, and nothing ran on it')
}

/** Rolls back or resumes; killed once or twice on the way. */
async function finish(trial: Trial, how: '--rollback' | '--resume', index: number, random: () => number): Promise<void> {
  const { program, config, live, tally } = trial
  const command = ['--config', config, 'restore', 'stack', how, '--no-ask']
  for (let kill = index % 3; kill > 0; kill--) {
    const phase = (['started', how === '--rollback' ? 'rollback' : 'swap', 'thaw'] as const)[Math.floor(random() * 3)] ?? 'started'
    const ended = await program.run(command, { killAt: { kind: 'phase', phase, delayMs: Math.floor(random() * 60) } })
    if (ended.signal !== 'SIGKILL') break
    tally.count(`killed again on the way (${how})`)
    await guardsEnd(trial)
  }
  const last = await program.json(command)
  // The one before may have come to its end although it was killed.
  if (last.status !== 0 && errorSchema.safeParse(last.value).data?.error.code !== 'restore.failed') throw new Error(`${how} failed: ${last.stdout}${last.stderr}`)
  const wrong = differences(describe(live), how === '--rollback' ? trial.before : trial.after)
  if (wrong.length > 0) throw new Error(`${how} gave other files: ${wrong.join('; ')}`)
  await allRun(trial, performance.now())
  if (await isUnfinished(trial)) throw new Error(`after ${how} the restore still counts as unfinished`)
  tally.count(`ended with: exactly the ${how === '--rollback' ? 'old' : 'new'} files, and all running`)
}

async function isUnfinished({ program, config }: Trial): Promise<boolean> {
  const { value } = await program.json(['--config', config, 'status', 'stack'])
  return statusSchema.parse(value).reasons.some(({ code }) => code === 'unfinished-restore')
}

/** Waits until all run, and go on running, and no record of stopped ones is left; gives how long it took. */
async function allRun({ podman, program }: Trial, fromMs: number): Promise<number> {
  for (let sinceMs: number | undefined; ; await sleep(50)) {
    const isAll = await runningNow(podman) === writers.length
    const now = performance.now()
    sinceMs = isAll ? sinceMs ?? now : undefined
    const isOver = !readdirSync(join(program.state, 'stack')).some((name) => name.startsWith('frozen-'))
    if (sinceMs !== undefined && isOver && now - sinceMs > 300) return sinceMs - fromMs
    if (now - fromMs > longestMs) throw new Error(`${JSON.stringify(await podman.states(...writers))} ${longestMs / 1000} s later; the record is ${isOver ? 'gone' : 'there'}`)
  }
}

/** A guard ends once it has done what it may. Gives since when all run; undefined where they do not. */
async function guardsEnd({ podman, program: { state } }: Trial): Promise<number | undefined> {
  const startMs = performance.now()
  for (let sinceMs: number | undefined; ; await sleep(50)) {
    const isOver = !isGuarded(state)
    const isAll = await runningNow(podman) === writers.length
    sinceMs = isAll ? sinceMs ?? performance.now() : undefined
    if (isOver) return sinceMs
    if (performance.now() - startMs > longestMs) throw new Error('a guard did not end')
  }
}

function isGuarded(state: string): boolean {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).some((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.includes('guard') && words.some((word) => word.startsWith(state))
    } catch {
      // It has just ended.
      return false
    }
  })
}

async function runningNow(podman: Podman): Promise<number> {
  return Object.values(await podman.states(...writers)).filter((state) => state === 'running').length
}

async function startTimes(podman: Podman): Promise<string> {
  return (await Promise.all(Object.keys(others).map(async (name) => await podman.startedAt(name)))).join(' ')
}

function requireOk({ status, signal, stdout, stderr }: Ended): void {
  if (status !== 0) throw new Error(`ended with ${status ?? signal} instead of 0: ${stdout}${stderr}`)
}
