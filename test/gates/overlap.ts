import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { Program } from '../faults/program.ts'
import type { Ended } from '../faults/program.ts'
import { readPoints } from '../faults/read-points.ts'
import { makeTree } from '../faults/sample-trees.ts'
import { Tally } from '../faults/tally.ts'
import { withTrialFolder } from '../faults/with-trial-folder.ts'

const errorSchema = z.object({ error: z.object({ code: z.string() }) })

/**
 * While a run of an application is at work, every other is refused with status 11; a kill frees the lock at once; and of
 * several that start together exactly those that end well have made a point, one after the other.
 */
export const gate: Gate = {
  name: 'overlap',
  async run({ full, seed }) {
    const tally = new Tally()
    await withTrialFolder(async (folder) => {
      const program = new Program(folder)
      const root = join(folder, 'app')
      const place = join(folder, 'place')
      makeTree(root, seed)
      const config = join(folder, 'holdfast.yaml')
      // A hook that waits holds the first run where it is.
      writeFileSync(config, `apps: {app: {root: ${root}, hooks: {frozen: [{command: 'while test -e ${folder}/wait; do sleep 0.05; done'}]}}}\nplace: ${place}\n`, { mode: 0o600 })
      const backup = ['--config', config, 'backup', 'app']
      for (let round = 0; round < (full ? 10 : 1); round++) {
        await tally.point(`held by a run, round ${round}`, async () => refusedWhileOneRuns(program, folder, backup, place, tally))
        await tally.point(`started together, round ${round}`, async () => startedTogether(program, backup, place, tally))
      }
    })
    return tally.result()
  },
}

async function refusedWhileOneRuns(program: Program, folder: string, backup: readonly string[], place: string, tally: Tally): Promise<void> {
  writeFileSync(join(folder, 'wait'), '')
  let kill = (): void => undefined
  const first = program.run([...backup, '--no-ask'], { onStart: (child) => { kill = () => { child.kill('SIGKILL') } } })
  try {
    await until(() => program.newestPhases().at(-1) === 'freeze')
    const others: readonly (readonly string[])[] = [backup, ['restore', 'latest', '--from', place, '--target', join(folder, 'app')], ['verify', 'latest', '--from', place, '--app', 'app']]
    for (const other of others) {
      const { status, value, stdout } = await program.json(other)
      // There is no point yet in the first round.
      if (errorSchema.safeParse(value).data?.error.code === 'vault.missing' || errorSchema.safeParse(value).data?.error.code === 'vault.empty') continue
      if (status !== 11 || errorSchema.safeParse(value).data?.error.code !== 'lock.held') throw new Error(`${other.join(' ')} ended with ${status} while a backup ran: ${stdout}`)
      tally.count('refused with 11')
    }
  } finally {
    kill()
    await first
    rmSync(join(folder, 'wait'))
  }
  const next = await program.json(backup)
  if (next.status !== 0) throw new Error(`right after the kill a backup ended with ${next.status}: ${next.stdout}`)
  tally.count('free right after a kill')
}

async function startedTogether(program: Program, backup: readonly string[], place: string, tally: Tally): Promise<void> {
  const before = (await readPoints(place)).points.length
  const ended: Ended[] = await Promise.all([0, 1, 2].map(async () => program.json(backup)))
  const well = ended.filter(({ status }) => status === 0).length
  if (well < 1 || ended.some(({ status }) => status !== 0 && status !== 11)) throw new Error(`three at once ended with ${ended.map(({ status }) => status).join(', ')}: ${ended.map(({ stdout }) => stdout.slice(0, 300)).join(' ')}`)
  const { points, broken } = await readPoints(place)
  if (points.length !== before + well || broken.length > 0) throw new Error(`${well} ended well and made ${points.length - before} points; ${broken.join('; ')}`)
  tally.count('three at once: refused or one after the other')
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > giveUpAt) throw new Error('what was waited for did not happen')
    await sleep(20)
  }
}
