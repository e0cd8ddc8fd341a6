import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { Program } from '../faults/program.ts'
import { readPoints } from '../faults/read-points.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

const errorSchema = z.object({ error: z.object({ code: z.string() }) })
const statusSchema = z.object({ state: z.string(), reasons: z.array(z.object({ code: z.string() })) })
const formats = ['tar.gz', 'zip', 'tar.zst', 'folder'] as const

type Scene = { readonly program: Program; readonly server: MariadbServer; readonly config: string; readonly place: string; readonly tally: Tally }

/**
 * The database server is killed while its dump is taken: the backup fails each time, and lists nothing new. Or the backup itself is:
 * nothing new is listed, no client of it stays, and the next one tells of it and is good.
 */
export const gate: Gate = {
  name: 'dump-killed',
  async run({ full, seed }) {
    const tally = new Tally()
    const random = seededRandom(seed)
    await withTrialFolder(async (folder) => {
      await using server = await startMariadb()
      const config = await prepare(folder, server)
      const scene = { program: new Program(folder), server, config, place: join(folder, 'place'), tally }
      const dumpMs = await timeDump(scene)
      for (let index = 0; index < (full ? 20 : 2); index++) {
        const format = formats[(index + seed) % formats.length] ?? 'tar.gz'
        const afterMs = Math.floor(random() * dumpMs * 0.85)
        await tally.point(`${format}, ${afterMs} of ${dumpMs} ms into the dump`, async () => killDuring(scene, format, afterMs))
      }
      for (let index = 0; index < (full ? 12 : 1); index++) {
        const format = formats[(index + seed) % formats.length] ?? 'tar.gz'
        const afterMs = Math.floor(random() * dumpMs * 0.85)
        await tally.point(`the backup itself, ${format}, ${afterMs} ms into the dump`, async () => killTheBackup(scene, format, afterMs))
      }
    })
    return tally.result(['error'])
  },
}

async function prepare(folder: string, server: MariadbServer): Promise<string> {
  const root = join(folder, 'shop')
  mkdirSync(root)
  writeFileSync(join(root, 'index.php'), '<?php\n')
  await createSampleDatabase(server, 'shop')
  // Enough that the dump takes a while.
  await server.sql("CREATE TABLE bulk (id int PRIMARY KEY, body longtext) ENGINE=InnoDB; INSERT INTO bulk SELECT seq, repeat(md5(seq), 300) FROM seq_1_to_9000", 'shop')
  const config = join(folder, 'holdfast.yaml')
  writeFileSync(config, `apps:\n  shop:\n    root: ${root}\n    databases: [{type: mariadb, name: shop, socket: ${server.socket}, user: root}]\nplace: ${join(folder, 'place')}\n`, { mode: 0o600 })
  return config
}

/** How long the dump of an undisturbed backup takes; the point that it makes is the earlier one of all others. */
async function timeDump({ program, config }: Scene): Promise<number> {
  let begunAt = 0
  let endedAt = 0
  const watching = setInterval(() => {
    const phases = program.newestPhases()
    if (begunAt === 0 && phases.includes('dump')) begunAt = performance.now()
    if (endedAt === 0 && phases.includes('files')) endedAt = performance.now()
  }, 3)
  const { status, stderr } = await program.run(['--config', config, 'backup', 'shop', '--no-ask'])
  clearInterval(watching)
  if (status !== 0) throw new Error(`an undisturbed backup ended with ${status}: ${stderr}`)
  return Math.max(50, Math.round(endedAt - begunAt))
}

async function killDuring({ program, server, config, place, tally }: Scene, format: string, afterMs: number): Promise<void> {
  const before = (await readPoints(place)).points
  let killing: Promise<string> | undefined
  const backup = await program.json(['--config', config, 'backup', 'shop', '--format', format], {
    onStart(child) {
      const journals = new Set(program.journals())
      const timer = setInterval(() => {
        if (!program.journals().some((file) => !journals.has(file)) || !program.newestPhases().includes('dump')) return
        clearInterval(timer)
        killing = sleep(afterMs).then(async () => {
          const phase = program.newestPhases().at(-1) ?? ''
          await server.kill()
          return phase
        })
      }, 2)
      child.once('close', () => clearInterval(timer))
    },
  })
  const phase = await killing
  await server.start()
  if (phase !== 'dump') {
    // The dump was whole before the server went: then the point is good, and no failure to be told.
    tally.count('killed after the dump had ended')
    if (backup.status !== 0) throw new Error(`the dump was whole, and the backup ended with ${backup.status}: ${backup.stdout}`)
    return
  }
  tally.count('killed in the dump')
  if (backup.status !== 1) throw new Error(`it ended with ${backup.status}: ${backup.stdout}`)
  tally.count(`error: ${errorSchema.parse(backup.value).error.code}`)
  const { points, broken } = await readPoints(place)
  if (broken.length > 0 || points.some(({ id }) => !before.some((other) => other.id === id))) throw new Error('something new is listed')
  if (points.length !== before.length) throw new Error('an earlier point is lost')
  const status = statusSchema.parse((await program.json(['--config', config, 'status', 'shop'])).value)
  if (status.state !== 'failed' || !status.reasons.some(({ code }) => code === 'run-failed')) throw new Error(`the status is ${status.state}`)
  const left = program.leftInTemporaries('shop')
  if (left.length > 0) throw new Error(`temporaries were left: ${left.join(', ')}`)
  tally.count('reported as failed')
}

async function killTheBackup({ program, config, place, tally }: Scene, format: string, afterMs: number): Promise<void> {
  const before = (await readPoints(place)).points
  const journals = new Set(program.journals())
  let clients: readonly number[] = []
  let phase = ''
  const ended = await program.run(['--config', config, 'backup', 'shop', '--no-ask', '--format', format], {
    onStart(child) {
      const timer = setInterval(() => {
        if (!program.journals().some((file) => !journals.has(file)) || !program.newestPhases().includes('dump')) return
        clearInterval(timer)
        setTimeout(() => {
          phase = program.newestPhases().at(-1) ?? ''
          clients = childrenOf(child.pid ?? 0)
          child.kill('SIGKILL')
        }, afterMs)
      }, 2)
      child.once('close', () => clearInterval(timer))
    },
  })
  tally.count(ended.signal !== 'SIGKILL' ? 'backups that ended before the kill' : phase === 'dump' ? 'backups killed' : 'backups killed after their dump')
  for (let waitedMs = 0; clients.some((pid) => commandOf(pid).includes('dump')); waitedMs += 50) {
    if (waitedMs > 10_000) throw new Error('a client goes on although its backup is gone')
    await sleep(50)
  }
  const { points } = await readPoints(place)
  // After the dump the point may be whole, and is then listed.
  if (phase === 'dump' && points.some(({ id }) => !before.some((other) => other.id === id))) throw new Error('something new is listed')
  if (!before.every(({ id }) => points.some((other) => other.id === id))) throw new Error('an earlier point is lost')
  const next = await program.json(['--config', config, 'backup', 'shop', '--format', format])
  if (next.status !== 0) throw new Error(`the next backup ended with ${next.status}: ${next.stdout}`)
  const told = program.journals().some((file) => !journals.has(file) && readFileSync(file, 'utf8').includes('interrupted'))
  if (ended.signal === 'SIGKILL' && !told) throw new Error('nothing tells that the backup was interrupted')
  const { broken } = await readPoints(place)
  const left = [...broken, ...program.leftInTemporaries('shop'), ...readdirSync(place).filter((name) => name.startsWith('.'))]
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  tally.count('the next backup succeeded, and cleaned up')
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  })
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
