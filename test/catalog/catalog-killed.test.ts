import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { openCatalog, tablesOf } from './sample-catalog.ts'
import { temporaryFolder } from './temporary-folder.ts'

const kills = 8

test('a catalog whose writer is killed again and again is whole, and has all that was committed', async (t) => {
  const file = join(temporaryFolder(t), 'catalog.sqlite')
  const random = seededRandom(7)
  let written = 0
  for (let kill = 0; kill < kills; kill++) {
    const before = written
    written = Math.max(written, await writeUntilKilled(file, written + 1, Math.floor(random() * 60)))
    assert.ok(written > before, 'the writer wrote')
    {
      await using tables = tablesOf(file)
      assert.deepEqual((await sql<{ integrity_check: string }>`pragma integrity_check`.execute(tables)).rows.map((row) => row.integrity_check), ['ok'])
    }
    // It opens without being set aside: that would throw here.
    await using catalog = await openCatalog(file)
    const points = (await catalog.points.byVault('demo')).get('nas') ?? []
    const generations = [...new Set(points.map(({ entries }) => entries))]
    assert.equal(points.length, 20)
    assert.equal(generations.length, 1, `half of one listing and half of another: ${generations.join(' ')}`)
    assert.ok((generations[0] ?? 0) >= written, `generation ${written} was committed, ${generations[0]} is there`)
    const runs = await catalog.runs.since('demo', new Date(0))
    assert.deepEqual([runs.length, new Set(runs.map(({ bytes }) => bytes)).size], [3, 1])
    const plan = await catalog.expected.planOf('demo')
    const last = (await catalog.expected.list('demo', new Date(0))).at(-1)
    assert.equal(last?.dueAt, plan?.plannedUntil.toISOString())
    assert.ok(Number(plan?.plannedUntil) / 60_000 >= written)
  }
})

/** The last generation that the writer called written. */
async function writeUntilKilled(file: string, first: number, afterMs: number): Promise<number> {
  const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('writing-for-ever.ts', import.meta.url)), file, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(writer, 'close')
  try {
    let said = ''
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await once(writer.stdout, 'data')
    await setTimeout(afterMs)
    writer.kill('SIGKILL')
    await ended
    // A line that was cut off was not said.
    return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1))
  } finally {
    writer.kill('SIGKILL')
    await ended
  }
}
