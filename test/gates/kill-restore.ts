import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { describeTree, differences } from '../faults/describe-tree.ts'
import { chooseCalls, pointName, tracedCalls } from '../faults/kill-points.ts'
import type { Ended, KillPoint } from '../faults/program.ts'
import { Program } from '../faults/program.ts'
import { changeTree, copyTree, databaseRows, makeTree } from '../faults/sample-trees.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

type Tree = ReadonlyMap<string, string>
type Trial = { readonly program: Program; readonly config: string; readonly root: string; readonly changed: string; readonly place: string; readonly before: Tree; readonly after: Tree; readonly tally: Tally }

const errorSchema = z.object({ error: z.object({ code: z.string() }) })
const statusSchema = z.object({ reasons: z.array(z.object({ code: z.string() })) })

/**
 * A restore in place is killed at its phases and at system calls. Afterwards the tree is the old one or the new one; or the
 * next unattended backup refuses, the status says why, and rolling back or finishing — killed themselves, and repeated —
 * give exactly the old or exactly the new tree.
 */
export const gate: Gate = {
  name: 'kill-restore',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    await withTrialFolder(async (folder) => {
      const trial = await prepare(folder, seed, tally)
      const profile = join(folder, 'profile')
      resetTree(trial)
      requireStatus(await trial.program.run(restoreArguments(trial), { profile: { calls: tracedCalls, file: profile } }), 0)
      const phases = trial.program.newestPhases()
      const points = [
        ...phases.filter((_, index) => full || index === seed % phases.length).map((phase): KillPoint => ({ kind: 'phase', phase, delayMs: Math.floor(random() * 12) })),
        ...chooseCalls(profile, /restore-[0-9a-f]+\.ndjson/, full ? 60 : 2, random),
        // From here on the application itself is changed.
        ...chooseCalls(profile, /^\d+\s+write\(.*phase.{3,5}swap/, full ? 50 : 3, random),
      ]
      for (const [index, point] of points.entries()) await tally.point(pointName(point), async () => killOnce(trial, point, index + seed, random))
    })
    return tally.result(['killed in phase', 'found afterwards', 'ended with'])
  },
}

async function prepare(folder: string, seed: number, tally: Tally): Promise<Trial> {
  const root = join(folder, 'app')
  const program = new Program(folder)
  makeTree(root, seed)
  const original = describeTree(root)
  const rows = databaseRows(join(root, 'data/shop.sqlite'))
  const place = join(folder, 'place')
  const config = join(folder, 'holdfast.yaml')
  // Hooks that take their time are ones that a kill meets.
  writeFileSync(config, `apps:
  app:
    root: ${root}
    exclude: [/cache/]
    format: ${(['zip', 'tar.gz', 'tar.zst', 'folder'] as const)[seed % 4] ?? 'zip'}
    hooks:
      before-restore: [{command: sleep 0.05}]
      after-restore: [{command: sleep 0.05}]
place: ${place}
`, { mode: 0o600 })
  requireStatus(await program.run(['--config', config, 'backup', 'app']), 0)
  const changed = join(folder, 'changed')
  copyTree(root, changed)
  changeTree(changed)
  const trial = { program, config, root, changed, place, before: describeTree(changed), tally }
  resetTree(trial)
  requireStatus(await program.run(restoreArguments(trial)), 0)
  const after = describeTree(root)
  // What the others are compared with must itself be right.
  const excluded = (name: string): boolean => name.startsWith('./cache')
  const database = (name: string): boolean => name === './data/shop.sqlite'
  const wrong = [
    ...differences(without(after, (name) => excluded(name) || database(name)), without(original, (name) => excluded(name) || database(name))),
    ...differences(without(after, (name) => !excluded(name)), without(trial.before, (name) => !excluded(name))),
    ...(databaseRows(join(root, 'data/shop.sqlite')) === rows ? [] : ['the database has other rows']),
  ]
  if (wrong.length > 0) tally.fail(`an undisturbed restore: ${wrong.join('; ')}`)
  return { ...trial, after: describeTree(root) }
}

async function killOnce(trial: Trial, point: KillPoint, index: number, random: () => number): Promise<void> {
  const { program, root, tally } = trial
  resetTree(trial)
  const ended = await program.run(restoreArguments(trial), { killAt: point })
  if (ended.signal !== 'SIGKILL') tally.count('ended before the kill')
  else tally.count('really killed')
  tally.count(`killed in phase: ${program.newestPhases().at(-1) ?? 'before its journal'}`)
  const left = describeTree(root)
  const unfinished = await isRefused(trial)
  if (!unfinished) {
    const alike = differences(left, trial.before).length === 0 ? 'the old tree' : differences(left, trial.after).length === 0 ? 'the new tree' : undefined
    if (alike === undefined) throw new Error(`a backup took a tree that is neither old nor new: ${differences(left, trial.before).join('; ')}`)
    tally.count(`found afterwards: ${alike}`)
    if (alike === 'the old tree') requireTidy(trial)
    return
  }
  tally.count('found afterwards: half restored, and said so')
  const status = statusSchema.parse((await program.json(['--config', trial.config, 'status', 'app'])).value)
  if (!status.reasons.some(({ code }) => code === 'unfinished-restore')) throw new Error('status does not tell of the unfinished restore')
  await finish(trial, index % 2 === 0 ? '--rollback' : '--resume', index, random)
}

/** Rolls back or resumes; killed once or twice on the way. */
async function finish(trial: Trial, how: '--rollback' | '--resume', index: number, random: () => number): Promise<void> {
  const { program, config, root, tally } = trial
  const command = ['--config', config, 'restore', how, '--target', root, '--no-ask']
  for (let kill = index % 3; kill > 0; kill--) {
    const call = (['rename', 'pwrite64', 'fdatasync', 'fsync', 'openat', 'utimensat'] as const)[Math.floor(random() * 6)] ?? 'rename'
    const ended = await program.run(command, { killAt: { kind: 'call', call, nth: 1 + Math.floor(random() * (call === 'openat' ? 500 : 12)) } })
    if (ended.signal !== 'SIGKILL') break
    tally.count(`killed again on the way (${how})`)
  }
  // The one before may have come to its end although it was killed.
  const last = await program.json(command)
  if (last.status !== 0 && errorSchema.safeParse(last.value).data?.error.code !== 'restore.failed') throw new Error(`${how} failed: ${last.stdout}${last.stderr}`)
  const wanted = how === '--rollback' ? trial.before : trial.after
  const wrong = differences(describeTree(root), wanted)
  if (wrong.length > 0) throw new Error(`${how} gave another tree: ${wrong.join('; ')}`)
  tally.count(`ended with: exactly the ${how === '--rollback' ? 'old' : 'new'} tree`)
  if (await isRefused(trial)) throw new Error(`a backup after ${how} is still refused`)
  if (how === '--rollback' || index % 4 !== 1) return
  requireStatus(await program.run(['--config', config, 'restore', '--undo', '--target', root, '--no-ask']), 0)
  const undone = differences(describeTree(root), trial.before)
  if (undone.length > 0) throw new Error(`--undo gave another tree: ${undone.join('; ')}`)
  tally.count('ended with: undone to exactly the old tree')
}

/** What an unattended backup says: true where it refuses because of the unfinished restore. */
async function isRefused({ program, config, place }: Trial): Promise<boolean> {
  const other = `${place}-of-backups`
  rmSync(other, { recursive: true, force: true })
  const { status, value, stdout } = await program.json(['--config', config, 'backup', 'app', '--to', other, '--no-verify'])
  if (status === 0) return false
  if (status === 1 && errorSchema.safeParse(value).data?.error.code === 'state.unfinished-restore') {
    if (existsSync(other) && readdirSync(other).some((name) => !name.startsWith('.'))) throw new Error('a refused backup has left something at its destination')
    return true
  }
  throw new Error(`the next backup ended with ${status}: ${stdout}`)
}

function requireTidy({ root, program }: Trial): void {
  const container = join(dirname(root), '.app.holdfast')
  if (existsSync(container)) throw new Error(`a work folder was left: ${readdirSync(container).join(', ')}`)
  const left = readdirSync(program.temporary)
  if (left.length > 0) throw new Error(`temporaries were left: ${left.join(', ')}`)
}

function resetTree({ root, changed }: Pick<Trial, 'root' | 'changed'>): void {
  rmSync(root, { recursive: true, force: true })
  rmSync(join(dirname(root), '.app.holdfast'), { recursive: true, force: true })
  copyTree(changed, root)
}

function restoreArguments({ config }: Pick<Trial, 'config'>): string[] {
  return ['--config', config, 'restore', 'latest', '--app', 'app', '--no-ask']
}

function requireStatus({ status, signal, stdout, stderr }: Ended, wanted: number): void {
  if (status !== wanted) throw new Error(`ended with ${status ?? signal} instead of ${wanted}: ${stdout}${stderr}`)
}

function without(tree: Tree, leave: (name: string) => boolean): Map<string, string> {
  return new Map([...tree].filter(([name]) => !leave(name)))
}
