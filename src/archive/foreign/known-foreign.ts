import { z } from 'zod'
import type { Storage } from '../../model/storage.ts'
import { readSmall } from '../sidecar.ts'

/** Where references to imported archives lie in a place. */
export const importedFolder = 'imported/'
export const referenceEnding = '.json'

const schema = z.object({ files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), mtimeNs: z.string().regex(/^-?\d+$/) })) })

/**
 * Tells of stored files whether an import has found them to be another program's, unchanged since: they need not be read
 * again to the end for records of ours that they do not have.
 */
export async function knownForeign(storage: Storage, signal: AbortSignal): Promise<(path: string, sizeBytes: number, modifiedAt: Date) => boolean> {
  const known = new Map<string, { sizeBytes: number; mtimeMs: number }>()
  for await (const { key } of storage.list(importedFolder, signal, () => undefined)) {
    if (!key.endsWith(referenceEnding)) continue
    const { files = [] } = schema.safeParse(jsonOf(await readSmall(storage, key, signal))).data ?? {}
    for (const { path, sizeBytes, mtimeNs } of files) known.set(path, { sizeBytes, mtimeMs: Number(BigInt(mtimeNs) / 1_000_000n) })
  }
  return (path, sizeBytes, modifiedAt) => {
    const found = known.get(path)
    return found !== undefined && found.sizeBytes === sizeBytes && Math.abs(found.mtimeMs - modifiedAt.getTime()) <= 1
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
