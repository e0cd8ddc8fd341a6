import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, chmodSync, chownSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, unlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { Program } from '../faults/program.ts'
import type { ProgramOptions } from '../faults/program.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

type Meddling = 'changes' | 'grows' | 'shrinks' | 'vanishes' | 'is replaced'
type Scene = { readonly program: Program; readonly folder: string; readonly root: string; readonly place: string; readonly tally: Tally }

const nobody = 65_534
const formats = ['zip', 'tar.gz', 'tar.zst', 'folder'] as const
const meddlings: readonly Meddling[] = ['changes', 'grows', 'shrinks', 'vanishes', 'is replaced']
const remark = z.object({ path: z.string().optional(), message: z.string() })
const outcomeSchema = z.object({ outcome: z.string(), warnings: z.array(remark) })
const shownSchema = z.object({ complete: z.boolean(), manifest: z.object({ complete: z.boolean(), warnings: z.array(remark) }) })
const statusSchema = z.object({ state: z.string(), reasons: z.array(z.object({ code: z.string() })) })

/**
 * What cannot be read, or changes while it is read, makes the point partial: status 3, named in the output, the manifest and
 * the status, and never ok; all else is exact. An SQLite database that is written to is saved consistently.
 */
export const gate: Gate = {
  name: 'source-faults',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    for (const [index, format] of formats.entries()) {
      if (!full && index !== seed % formats.length) continue
      await tally.point(`${format}, unreadable`, async () => withScene(tally, async (scene) => unreadable(scene, format)))
      for (const [at, meddling] of meddlings.entries()) {
        if (!full && at !== seed % meddlings.length) continue
        await tally.point(`${format}, a file that ${meddling}`, async () => withScene(tally, async (scene) => meddled(scene, format, meddling, random)))
      }
      await tally.point(`${format}, a database with a writer`, async () => withScene(tally, async (scene) => liveDatabase(scene, format)))
    }
    return tally.result(['told as partial'])
  },
}

async function withScene(tally: Tally, use: (scene: Scene) => Promise<void>): Promise<void> {
  await withTrialFolder(async (folder) => {
    const root = join(folder, 'app')
    mkdirSync(root)
    for (let number = 0; number < 20; number++) writeFileSync(join(root, `file-${number}`), `content of ${number}\n`.repeat(number * 40))
    await use({ program: new Program(folder), folder, root, place: join(folder, 'place'), tally })
  })
}

async function unreadable(scene: Scene, format: string): Promise<void> {
  const { root, folder, program } = scene
  writeFileSync(join(root, 'secret'), 'secret', { mode: 0o600 })
  mkdirSync(join(root, 'closed'))
  writeFileSync(join(root, 'closed/inside'), 'inside')
  chmodSync(join(root, 'closed'), 0o700)
  for (const name of ['state', 'place']) mkdirSync(join(folder, name))
  for (const path of [folder, join(folder, 'state'), join(folder, 'place'), program.temporary]) chownSync(path, nobody, nobody)
  await requirePartial(scene, format, ['secret', 'closed'], { uid: nobody, gid: nobody })
}

/** A file large enough that it is surely still being read when it is meddled with. */
async function meddled(scene: Scene, format: string, meddling: Meddling, random: () => number): Promise<void> {
  const { root } = scene
  const path = join(root, 'm-large')
  writeLarge(path, 60 + Math.floor(random() * 40))
  // It comes after the large one: the walk has seen it when it vanishes, and nothing has read it yet.
  for (const name of ['m-small-0', 'm-small-1']) writeFileSync(join(root, name), 'small'.repeat(5000))
  // The last ones, so that those which come later are not read before.
  for (const name of ['m-large', 'm-small-0', 'm-small-1']) utimesSync(join(root, name), 1_600_000_000, 1_600_000_000)
  const meddle = { changes: changeInside, grows: grow, shrinks: shrink, vanishes: unlinkSync, 'is replaced': replace }[meddling]
  await requirePartial(scene, format, [meddling === 'vanishes' || meddling === 'is replaced' ? undefined : 'm-large'], {
    onStart(child) {
      // At its first bytes that lie at the destination, or when the file is open.
      const timer = setInterval(() => {
        if (!isReading(child.pid, path)) return
        clearInterval(timer)
        meddle(path)
        if (meddling === 'vanishes') for (const name of ['m-small-0', 'm-small-1']) rmSync(join(root, name))
      }, 1)
      child.once('close', () => clearInterval(timer))
    },
  }, meddling)
}

async function requirePartial({ program, root, place, folder, tally }: Scene, format: string, named: readonly (string | undefined)[], options: ProgramOptions, meddling?: Meddling): Promise<void> {
  const before = hashes(root)
  const backup = await program.json(['backup', root, '--to', place, '--format', format], options)
  const { outcome, warnings } = outcomeSchema.parse(backup.value)
  const paths = new Set(warnings.map(({ path }) => path))
  if ((meddling === 'vanishes' || meddling === 'is replaced') && paths.size === 0) {
    // The open file is the one that the walk saw, with its whole content: nothing is missing then.
    if (backup.status !== 0 || outcome !== 'ok') throw new Error(`without a warning it ended ${outcome} (${backup.status})`)
    tally.count(`a file that ${meddling}: read whole all the same`)
  } else {
    if (backup.status !== 3 || outcome !== 'partial') throw new Error(`it ended ${outcome} with status ${backup.status}`)
    for (const name of named) if (name !== undefined && !paths.has(name)) throw new Error(`"${name}" is not named among the warnings: ${[...paths].join(', ')}`)
    const shown = shownSchema.parse((await program.json(['show', 'latest', '--from', place], options)).value)
    if (shown.complete || shown.manifest.complete) throw new Error('the manifest says that it is complete')
    for (const path of paths) if (!shown.manifest.warnings.some((warning) => warning.path === path)) throw new Error(`"${path}" is not named in the manifest`)
    const status = await program.json(['status', root, '--place', place], options)
    const judged = statusSchema.parse(status.value)
    if (status.status === 0 || judged.state === 'ok' || !judged.reasons.some(({ code }) => code === 'run-partial' || code === 'incomplete')) throw new Error(`the status is ${judged.state}: ${judged.reasons.map(({ code }) => code).join(', ')}`)
    tally.count(`told as partial: ${meddling === undefined ? 'unreadable' : `a file that ${meddling}`}`)
  }
  const target = join(folder, 'target')
  const restored = await new Program(folder, join(folder, 'state-of-root')).json(['restore', 'latest', '--from', place, '--target', target])
  if (restored.status !== 0) throw new Error(`the restore ended with ${restored.status}: ${restored.stdout}`)
  const after = hashes(target)
  for (const [name, hash] of before) {
    if (!paths.has(name) && ![...paths].some((path) => path !== undefined && name.startsWith(`${path}/`)) && after.get(name) !== hash) throw new Error(`"${name}" is not in the point as it was, and no warning tells of it`)
  }
}

/** A writer keeps two tables in step, in one transaction each time; a copy in which they differ was torn. */
async function liveDatabase({ program, root, place, folder, tally }: Scene, format: string): Promise<void> {
  const path = join(root, 'live.sqlite')
  {
    using database = new DatabaseSync(path)
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE a (n INTEGER, filler TEXT); CREATE TABLE b (n INTEGER, filler TEXT); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) INSERT INTO a SELECT n, hex(randomblob(60)) FROM c; INSERT INTO b SELECT * FROM a")
  }
  const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', `
    import { DatabaseSync } from 'node:sqlite'
    const database = new DatabaseSync(process.argv[1], { timeout: 10000 })
    for (let n = 100000; ; n++) {
      database.exec('BEGIN IMMEDIATE')
      for (const table of ['a', 'b']) database.prepare('INSERT INTO ' + table + ' VALUES (?, ?)').run(n, 'x'.repeat(n % 200))
      database.exec('COMMIT')
      if (n === 100010) console.log('writing')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }`, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(writer, 'close')
  try {
    await once(writer.stdout, 'data')
    const backup = await program.json(['backup', root, '--to', place, '--format', format])
    if (backup.status !== 0) throw new Error(`the backup ended with ${backup.status}: ${backup.stdout}`)
  } finally {
    writer.kill('SIGKILL')
    await gone
  }
  const target = join(folder, 'target')
  await program.run(['restore', 'latest', '--from', place, '--target', target, '--no-ask'])
  // Looked for before it is opened, which makes new ones.
  if (readdirSync(target).some((name) => name.startsWith('live.sqlite-'))) throw new Error('journals of the live database are in the point')
  using copy = new DatabaseSync(join(target, 'live.sqlite'), { readOnly: true })
  const check = copy.prepare('PRAGMA integrity_check').get()?.['integrity_check']
  const sums = ['a', 'b'].map((table) => JSON.stringify(copy.prepare(`SELECT count(*) AS count, sum(n) AS sum FROM ${table}`).get()))
  if (check !== 'ok' || sums[0] !== sums[1]) throw new Error(`the copy is not consistent: ${String(check)}, ${sums.join(' and ')}`)
  tally.count('live databases saved consistently')
}

function isReading(pid: number | undefined, path: string): boolean {
  if (pid === undefined) return false
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sameFile(`/proc/${pid}/fd/${fd}`, path))
  } catch {
    return false
  }
}

function sameFile(link: string, path: string): boolean {
  try {
    return readlinkSync(link) === path
  } catch {
    return false
  }
}

function writeLarge(path: string, megabytes: number): void {
  const fd = openSync(path, 'w')
  // What does not compress takes longest.
  let block = createHash('sha512').update(path).digest()
  while (block.length < 1 << 20) block = Buffer.concat([block, createHash('sha512').update(block).digest(), block])
  for (let count = 0; count < megabytes; count++) writeSync(fd, block, 0, 1 << 20)
  closeSync(fd)
}

function changeInside(path: string): void {
  const fd = openSync(path, 'r+')
  const end = lstatSync(path).size - 1000
  writeSync(fd, Buffer.from('changed at its end'), 0, 18, end)
  closeSync(fd)
}

function grow(path: string): void {
  appendFileSync(path, 'it grew')
}

function shrink(path: string): void {
  truncateSync(path, Math.floor(lstatSync(path).size / 2))
}

function replace(path: string): void {
  unlinkSync(path)
  writeFileSync(path, 'another file under this name')
}

function hashes(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' }).filter((item) => item.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return new Map(names.map((path) => [path.slice(root.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]))
}
