import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { describeTree, differences } from '../faults/describe-tree.ts'
import { chooseCalls, pointName, tracedCalls } from '../faults/kill-points.ts'
import type { KillPoint } from '../faults/program.ts'
import { Program } from '../faults/program.ts'
import { readPoints } from '../faults/read-points.ts'
import { makeTree } from '../faults/sample-trees.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

const keepLast = 3
const formats = ['tar.gz', 'zip', 'tar.zst', 'folder'] as const

type Trial = { readonly program: Program; readonly config: string; readonly place: string; readonly root: string; readonly before: ReadonlyMap<string, string>; readonly tally: Tally }

const statusSchema = z.object({ reasons: z.array(z.object({ code: z.string() })) })
const backupSchema = z.object({ outcome: z.string(), snapshots: z.array(z.object({ id: z.string() })), notes: z.array(z.object({ code: z.string() })) })

/**
 * A backup is killed at its phases and at system calls. Afterwards every restore point that is listed is whole, no earlier
 * one is lost, the status says "interrupted"; and the next backup says so, cleans up, succeeds and verifies.
 */
export const gate: Gate = {
  name: 'kill-backup',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    // Each format writes its temporaries in its own way.
    for (const [index, format] of formats.entries()) {
      if (!full && index !== seed % formats.length) continue
      await withTrialFolder(async (folder) => {
        const trial = await prepare(folder, seed, format, tally)
        const profile = join(folder, 'profile')
        await trial.program.run(backupArguments(trial), { profile: { calls: tracedCalls, file: profile } })
        const phases = trial.program.newestPhases()
        const points = [
          ...phases.filter((_, at) => full || at === seed % phases.length).map((phase): KillPoint => ({ kind: 'phase', phase, delayMs: Math.floor(random() * 10) })),
          ...chooseCalls(profile, /backup-[0-9a-f]+\.ndjson/, full ? 24 : 4, random),
        ]
        for (const point of points) await tally.point(`${format}, ${pointName(point)}`, async () => killOnce(trial, point))
      })
    }
    return tally.result(['killed in phase', 'found afterwards'])
  },
}

async function prepare(folder: string, seed: number, format: string, tally: Tally): Promise<Trial> {
  const root = join(folder, 'app')
  const program = new Program(folder)
  const place = join(folder, 'place')
  makeTree(root, seed)
  const config = join(folder, 'holdfast.yaml')
  writeFileSync(config, `apps:
  shop:
    root: ${root}
    format: ${format}
    kind: both
    keep: {last: ${keepLast}}
    hooks:
      live-before: [{command: 'true'}]
      frozen: [{command: 'true'}]
      after: [{command: 'true'}]
place: ${place}
`, { mode: 0o600 })
  const trial = { program, config, place, root, before: describeTree(root), tally }
  for (let count = 0; count < keepLast; count++) {
    const { status, stderr } = await program.run(backupArguments(trial))
    if (status !== 0) throw new Error(`an undisturbed backup ended with ${status}: ${stderr}`)
  }
  return trial
}

async function killOnce(trial: Trial, point: KillPoint): Promise<void> {
  const { program, place, root, tally } = trial
  const earlier = (await readPoints(place)).points
  const ended = await program.run(backupArguments(trial), { killAt: point })
  tally.count(ended.signal === 'SIGKILL' ? 'really killed' : 'ended before the kill')
  const phase = program.newestPhases().at(-1) ?? 'before its journal'
  tally.count(`killed in phase: ${phase}`)
  await requireNothingLost(trial, earlier, ended.signal === 'SIGKILL')
  const wasBegun = phase !== 'finished' && phase !== 'before its journal'
  if (wasBegun) {
    const { reasons } = statusSchema.parse((await program.json(['--config', trial.config, 'status', 'shop'])).value)
    if (!reasons.some(({ code }) => code === 'interrupted')) throw new Error('status does not say "interrupted"')
  }
  await requireNextGoesWell(trial, wasBegun)
  const changed = differences(describeTree(root), trial.before)
  if (changed.length > 0) throw new Error(`the source has changed: ${changed.join('; ')}`)
}

/** In a copy: opening the place itself would already clean it up. */
async function requireNothingLost({ place, tally }: Trial, earlier: readonly { id: string; slot: string; startedAt: string }[], wasKilled: boolean): Promise<void> {
  const copy = `${place}-copy`
  cpSync(place, copy, { recursive: true, preserveTimestamps: true })
  try {
    const { points, broken } = await readPoints(copy)
    if (broken.length > 0) throw new Error(`a point is listed and not whole: ${broken.slice(0, 3).join('; ')}`)
    const added = points.filter(({ id }) => !earlier.some((other) => other.id === id))
    if (wasKilled) tally.count(`found afterwards: ${added.length === 0 ? 'nothing new' : `a new whole point (${added.map(({ slot }) => slot).sort().join(' and ')})`}`)
    const dated = earlier.filter(({ slot }) => slot === 'dated').sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    // Retention may have removed what the new one displaces.
    const due = added.some(({ slot }) => slot === 'dated') ? dated.slice(0, keepLast - 1) : dated
    const lost = due.filter(({ id }) => !points.some((point) => point.id === id))
    if (lost.length > 0) throw new Error(`${lost.length} earlier points are lost`)
    if (!points.some(({ slot }) => slot === 'rolling')) throw new Error('neither the former nor the new rolling point is there')
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function requireNextGoesWell({ program, config, place, tally }: Trial, wasBegun: boolean): Promise<void> {
  const next = await program.json(['--config', config, 'backup', 'shop'])
  const { outcome, snapshots, notes } = backupSchema.parse(next.value)
  if (next.status !== 0 || outcome !== 'ok' || snapshots.length !== 2) throw new Error(`the next backup ended ${outcome} (${next.status}): ${next.stdout}`)
  if (wasBegun && !notes.some(({ code }) => code === 'run.interrupted')) throw new Error('the next backup does not tell of the interrupted one')
  const { points, broken } = await readPoints(place)
  if (broken.length > 0) throw new Error(`after the next backup a point is not whole: ${broken.slice(0, 3).join('; ')}`)
  if (!snapshots.every(({ id }) => points.some((point) => point.id === id))) throw new Error('the next backup\'s points are not listed')
  const left = [...readdirSync(place), ...readdirSync(program.temporary), ...existing(join(program.state, 'shop/tmp'))].filter((name) => /tmp-|^holdfast-/.test(name))
  if (left.length > 0) throw new Error(`temporaries were left: ${left.join(', ')}`)
  tally.count('next backup succeeded and verified')
}

function existing(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function backupArguments({ config }: Pick<Trial, 'config'>): string[] {
  return ['--config', config, 'backup', 'shop', '--no-ask']
}
