import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Manifest } from '../../src/model/restore-point.ts'
import type { Vault } from '../../src/model/vault.ts'
import type { ActiveRun } from '../../src/runs/perform-run.ts'
import { restorePoint } from '../../src/runs/restore/restore-point.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { recordingRun } from '../fixtures/recording-run.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { changes, describe, Sandbox } from './sandbox.ts'

const limits = { seconds: 60, peakBytes: 400e6 }
const swapped = '.swapped-aside'

export type RaceCounts = {
  readonly races: number
  restored: number
  refused: number
  /** Restored without a warning, although the other process could make something vanish from the target meanwhile. */
  readonly incomplete: string[]
  readonly problems: string[]
}

/**
 * Restores a point over a live folder again and again while another process swaps the folders of the target and of the
 * stage for links to an outside folder: nothing may ever come to lie there, and each restore is right or a clean error.
 */
export async function raceSwaps(races: number, seed: number): Promise<RaceCounts> {
  // In memory, where both are quick.
  await using sandbox = new Sandbox({ roomMebibytes: 64 })
  await using arena = await openArena(sandbox, seed)
  const counts: RaceCounts = { races, restored: 0, refused: 0, incomplete: [], problems: [] }
  const around = sandbox.surroundings()
  const random = seededRandom(seed)
  for (let race = 0; race < races && counts.problems.length < 10; race++) {
    makeLive(arena.target, random)
    const where = random() < 0.75 ? 'live' : 'stage'
    const outcome = await arena.race(where)
    if (outcome === undefined) counts.restored += 1
    else counts.refused += 1
    if (outcome === undefined && where === 'live' && !arena.toldMissing()) {
      const missing = missingFrom(arena)
      if (missing.length > 0) counts.incomplete.push(`race ${race}: ${missing.join(', ')}`)
    }
    counts.problems.push(...problemsOf(outcome, where, arena).map((problem) => `race ${race} (${where}): ${problem}`))
    counts.problems.push(...changes(around, sandbox.surroundings()).map((change) => `race ${race}: outside: ${change}`))
    arena.clear()
  }
  return counts
}

function problemsOf(outcome: unknown, where: Where, { target, expected }: Arena): string[] {
  if (outcome === undefined) {
    // Whoever may write into the stage, which is ours alone, changes what is restored; here only what lies outside counts.
    if (where === 'stage') return []
    const found = relative(target)
    return [...expected].filter(([path, line]) => found.has(path) && found.get(path) !== line).map(([path, line]) => `restored, but ${path} is ${found.get(path)} instead of ${line}`)
  }
  if (!(outcome instanceof AppError)) return [`no clean error: ${outcome instanceof Error ? outcome.stack : String(outcome)}`]
  return outcome.code === 'internal' ? [`an internal error: ${outcome.stack}`] : []
}

function missingFrom({ target, expected }: Arena): string[] {
  const found = relative(target)
  return [...expected.keys()].filter((path) => !found.has(path))
}

type Where = 'live' | 'stage'

type Arena = AsyncDisposable & {
  readonly target: string
  readonly expected: ReadonlyMap<string, string>
  /** What the restore threw; undefined where it was done. */
  race(where: Where): Promise<unknown>
  /** Whether the last restore warned that something is gone. */
  toldMissing(): boolean
  clear(): void
}

async function openArena(sandbox: Sandbox, seed: number): Promise<Arena> {
  const source = join(sandbox.folder, 'source')
  const place = join(sandbox.folder, 'place')
  mkdirSync(place)
  makeSource(source, seededRandom(seed + 1))
  const saved = await sandbox.holdfast(['backup', source, '--to', place, '--format', 'zip'], limits)
  if (saved.status !== 0) throw new Error(`backup failed: ${saved.stderr}`)
  const vault = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format: 'zip', tempFolder: sandbox.temporary })
  const [point] = await vault.snapshots(recordingRun())
  if (point === undefined) throw new Error('nothing was saved')
  const manifest = await vault.manifest(point.id, recordingRun())
  const { target } = sandbox
  const container = join(target, '..', '.target.holdfast')
  const swapper = fork(fileURLToPath(new URL('swapper.ts', import.meta.url)), [target, container, sandbox.outside])
  await answer(swapper)
  let told = false
  return {
    target,
    expected: relative(source),
    async race(where) {
      swapper.send(where)
      try {
        told = await restore(vault, point.id, manifest, target, sandbox.temporary)
        return undefined
      } catch (error) {
        return error
      } finally {
        const stopped = answer(swapper)
        swapper.send('stop')
        await stopped
      }
    },
    toldMissing: () => told,
    clear() {
      // What is left is the other process's as well: it must be stopped here.
      for (const path of [target, container]) rmSync(path, { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      const ended = once(swapper, 'close')
      swapper.kill('SIGKILL')
      await ended
      await vault[Symbol.asyncDispose]()
    },
  }
}

async function answer(swapper: ChildProcess): Promise<void> {
  await once(swapper, 'message')
}

/** Gives whether it warned that something is gone. */
async function restore(vault: Vault, id: string, manifest: Manifest, target: string, tempFolder: string): Promise<boolean> {
  const recording = recordingRun()
  const run: ActiveRun = { ...recording, id: 'race', report: () => { throw new Error('nobody asks for it') } }
  await restorePoint({
    app: 'target', vault, id, manifest, target, files: true, databases: [], wanted: () => true, belongs, ownership: 'numeric', trusted: true,
    hooks: { fire: async () => undefined }, tempFolder, keepSafetyMs: 0, dryRun: false, asks: false, confirm: async () => true,
  }, run)
  return recording.events.some((event) => event.type === 'run.warning' && event.code === 'restore.missing')
}

/** What the other process has put aside is no part of the application: else the restore itself would move it away as superfluous. */
function belongs(path: string): 'take' | 'skip' {
  return path.includes(swapped) ? 'skip' : 'take'
}

function makeSource(root: string, random: () => number): void {
  for (const folder of ['a/b/deep', 'a/new', 'c']) mkdirSync(join(root, folder), { recursive: true })
  for (const file of ['a/1', 'a/b/2', 'a/b/deep/3', 'a/new/4', 'c/5', 'c/file', '6']) writeFileSync(join(root, file), `restored ${file} ${random()}`, { mode: 0o640 })
}

/** Sometimes more, sometimes less than what is restored, so that each kind of operation comes. */
function makeLive(root: string, random: () => number): void {
  if (existsSync(root)) rmSync(root, { recursive: true, force: true })
  for (const folder of ['a/b', 'a/old', 'c']) mkdirSync(join(root, folder), { recursive: true })
  for (const file of ['a/1', 'a/b/2', 'a/old/x', 'a/b/gone', 'c/file', 'c/5', 'y']) if (random() < 0.7) writeFileSync(join(root, file), `live ${file}`)
}

function relative(root: string): Map<string, string> {
  if (!existsSync(root) || !lstatSync(root).isDirectory() || readdirSync(root).length === 0) return new Map()
  return new Map([...describe(root, () => true)].map(([path, line]) => [path.slice(root.length), line]))
}
