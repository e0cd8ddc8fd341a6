import { tmpdir } from 'node:os'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { Run } from '../../src/model/run.ts'
import { openLocalStorage } from '../../src/storage/local.ts'

/** Every restore point that is listed in a place, each read to its end; a point that is not whole is told as a line. */
export async function readPoints(place: string): Promise<{ points: readonly Snapshot[]; broken: readonly string[] }> {
  const run: Run = { signal: new AbortController().signal, emit: () => undefined, now: () => new Date() }
  const storage = await openLocalStorage({ root: place })
  await using vault = await openArchiveVault({ storage, format: 'zip', tempFolder: tmpdir() })
  const points = await vault.snapshots(run)
  const broken: string[] = []
  for (const { id, key } of points) {
    for await (const { message, path } of vault.check(id, 'full', run)) broken.push(`${key}: ${path ?? ''} ${message}`)
  }
  return { points, broken }
}
