import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { describeTree, differences } from '../faults/describe-tree.ts'
import { chooseCalls, pointName } from '../faults/kill-points.ts'
import type { Ended, KillPoint } from '../faults/program.ts'
import { Program } from '../faults/program.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { checksumTables, createSampleDatabase } from '../fixtures/sample-database.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

/** Files and tables of an application together, a line each. */
type State = ReadonlyMap<string, string>
type Trial = { readonly program: Program; readonly server: MariadbServer; readonly config: string; readonly root: string; readonly place: string; readonly after: State; readonly tally: Tally }

const calls = ['write', 'openat', 'rename', 'pwrite64', 'fdatasync', 'read', 'close'] as const
const errorSchema = z.object({ error: z.object({ code: z.string() }) })

/** As kill-restore, for an application with a MariaDB database: files and tables are both the old ones or both the new ones. */
export const gate: Gate = {
  name: 'kill-restore-database',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    await withTrialFolder(async (folder) => {
      await using server = await startMariadb()
      const trial = await prepare(folder, server, tally)
      const profile = join(folder, 'profile')
      await damage(trial)
      requireOk(await trial.program.run(restoreArguments(trial), { profile: { calls, file: profile } }))
      const phases = trial.program.newestPhases()
      const during: readonly KillPoint[] = Array.from({ length: full ? 14 : 1 }, () => ({ kind: 'phase', phase: 'import', delayMs: Math.floor(random() * 600) }))
      const points = [
        ...during,
        ...phases.filter(() => full).map((phase): KillPoint => ({ kind: 'phase', phase, delayMs: Math.floor(random() * 60) })),
        ...chooseCalls(profile, /^\d+\s+write\(.*phase.{3,5}safety/, full ? 18 : 1, random),
      ]
      for (const [index, point] of points.entries()) await tally.point(pointName(point), async () => killOnce(trial, point, index + seed, random))
    })
    return tally.result(['killed in phase', 'found afterwards', 'ended with'])
  },
}

async function prepare(folder: string, server: MariadbServer, tally: Tally): Promise<Trial> {
  const root = join(folder, 'shop')
  const place = join(folder, 'place')
  const config = join(folder, 'holdfast.yaml')
  mkdirSync(join(root, 'files'), { recursive: true })
  for (let number = 0; number < 8; number++) writeFileSync(join(root, 'files', `${number}.txt`), `of the point ${number}`)
  writeFileSync(config, `apps:\n  shop:\n    root: ${root}\n    databases: [{type: mariadb, name: shop, socket: ${server.socket}, user: root}]\nplace: ${place}\n`, { mode: 0o600 })
  await createSampleDatabase(server, 'shop')
  const trial = { program: new Program(folder), server, config, root, place, tally, after: new Map<string, string>() }
  requireOk(await trial.program.run(['--config', config, 'backup', 'shop', '--no-ask']))
  const after = await describe(trial)
  await damage(trial)
  requireOk(await trial.program.run(restoreArguments(trial)))
  const wrong = differences(await describe(trial), after)
  if (wrong.length > 0) tally.fail(`an undisturbed restore: ${wrong.join('; ')}`)
  return { ...trial, after }
}

async function killOnce(trial: Trial, point: KillPoint, index: number, random: () => number): Promise<void> {
  const { program, tally } = trial
  await damage(trial)
  const before = await describe(trial)
  const ended = await program.run(restoreArguments(trial), { killAt: point })
  tally.count(ended.signal === 'SIGKILL' ? 'really killed' : 'ended before the kill')
  tally.count(`killed in phase: ${program.newestPhases().at(-1) ?? 'before its journal'}`)
  if (!await isRefused(trial)) {
    const left = await describe(trial)
    const alike = differences(left, before).length === 0 ? 'the old state' : differences(left, trial.after).length === 0 ? 'the new state' : undefined
    if (alike === undefined) throw new Error(`a backup took a state that is neither old nor new: ${differences(left, before).join('; ')}`)
    tally.count(`found afterwards: ${alike}`)
    return
  }
  tally.count('found afterwards: half restored, and said so')
  const how = index % 2 === 0 ? '--rollback' : '--resume'
  const command = ['--config', trial.config, 'restore', 'shop', how, '--target', trial.root, '--no-ask']
  if (index % 4 < 2) {
    const again = await program.run(command, { killAt: { kind: 'phase', phase: how === '--rollback' ? 'rollback' : 'import', delayMs: Math.floor(random() * 500) } })
    if (again.signal === 'SIGKILL') tally.count(`killed again on the way (${how})`)
  }
  const last = await program.json(command)
  if (last.status !== 0 && errorSchema.safeParse(last.value).data?.error.code !== 'restore.failed') throw new Error(`${how} failed: ${last.stdout}${last.stderr}`)
  const wrong = differences(await describe(trial), how === '--rollback' ? before : trial.after)
  if (wrong.length > 0) throw new Error(`${how} gave another state: ${wrong.join('; ')}`)
  tally.count(`ended with: exactly the ${how === '--rollback' ? 'old' : 'new'} state`)
  if (await isRefused(trial)) throw new Error(`a backup after ${how} is still refused`)
  if (how === '--rollback') return
  requireOk(await program.run(['--config', trial.config, 'restore', 'shop', '--undo', '--target', trial.root, '--no-ask']))
  const undone = differences(await describe(trial), before)
  if (undone.length > 0) throw new Error(`--undo gave another state: ${undone.join('; ')}`)
  tally.count('ended with: undone to exactly the old state')
}

/** The state before a restore: other files, and the same database after a bad week. */
async function damage({ server, root }: Pick<Trial, 'server' | 'root'>): Promise<void> {
  rmSync(root, { recursive: true, force: true })
  rmSync(join(root, '..', '.shop.holdfast'), { recursive: true, force: true })
  mkdirSync(join(root, 'files'), { recursive: true })
  for (const number of [0, 2, 4, 99]) writeFileSync(join(root, 'files', `${number}.txt`), `of now ${number}`)
  await server.sql('DROP DATABASE IF EXISTS shop')
  await createSampleDatabase(server, 'shop', 120)
  await server.sql("DROP TABLE old_text; DELETE FROM audit; UPDATE customer SET name = 'changed' WHERE id > 1000; CREATE TABLE added (id int PRIMARY KEY, t text) ENGINE=InnoDB; INSERT INTO added VALUES (1, 'now'); DROP PROCEDURE fill; DROP VIEW a_view_on_view", 'shop')
}

async function describe({ server, root }: Pick<Trial, 'server' | 'root'>): Promise<Map<string, string>> {
  return new Map([...describeTree(root), ...Object.entries(await checksumTables(server, 'shop'))])
}

async function isRefused({ program, config, place }: Trial): Promise<boolean> {
  const other = `${place}-of-backups`
  rmSync(other, { recursive: true, force: true })
  const { status, value, stdout } = await program.json(['--config', config, 'backup', 'shop', '--to', other, '--no-verify'])
  if (status === 0) return false
  if (status === 1 && errorSchema.safeParse(value).data?.error.code === 'state.unfinished-restore') return true
  throw new Error(`the next backup ended with ${status}: ${stdout}`)
}

function restoreArguments({ config, place }: Pick<Trial, 'config' | 'place'>): string[] {
  return ['--config', config, 'restore', 'latest', '--from', place, '--no-ask']
}

function requireOk({ status, signal, stdout, stderr }: Ended): void {
  if (status !== 0) throw new Error(`ended with ${status ?? signal} instead of 0: ${stdout}${stderr}`)
}
