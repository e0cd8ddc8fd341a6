import { randomBytes } from 'node:crypto'
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { snapshotSchema } from '../../src/model/restore-point.ts'

/**
 * A copy of an archive in its own place under another name, with a sidecar by which it was made some days ago and never verified.
 * With a size it is made larger by a hole. Gives the name.
 */
export async function madeEarlier(place: string, archive: string, { key, days, sizeBytes }: { readonly key: string; readonly days: number; readonly sizeBytes?: number }): Promise<string> {
  const { verifiedAt: _never, ...point } = snapshotSchema.parse(JSON.parse(await readFile(join(place, `${archive}.json`), 'utf8')))
  const startedAt = new Date(Date.now() - days * 86_400_000).toISOString()
  await copyFile(join(place, archive), join(place, key))
  if (sizeBytes !== undefined) await truncate(join(place, key), sizeBytes)
  await writeFile(join(place, `${key}.json`), JSON.stringify({ ...point, id: randomBytes(8).toString('hex'), key, startedAt, finishedAt: startedAt, sizeBytes: sizeBytes ?? point.sizeBytes }))
  return key
}
