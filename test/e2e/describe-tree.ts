import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { program } from './program.ts'

const script = fileURLToPath(new URL('describe-tree.py', import.meta.url))
const lineSchema = z.looseObject({ path: z.string() })

export type TreeOptions = {
  /** Files whose bytes and time may differ where their rows do not; what lies beside them (-wal, -shm) is passed over. */
  readonly databases?: readonly string[]
  /** Folders whose time an open database moves. */
  readonly moving?: readonly string[]
  /** Metadata that a format or a tool does not carry. */
  readonly without?: readonly string[]
  /** Paths that are not looked at. */
  readonly skip?: (path: string) => boolean
}

/** Everything that a restore must bring back: of every path its content's hash and all metadata, comparable. */
export async function describeTree(root: string, { databases = [], moving = [], without = [], skip }: TreeOptions = {}): Promise<Map<string, unknown>> {
  const { stdout } = await program('python3', 'python3', [script, root])
  const beside = new Set(databases.flatMap((path) => [`${path}-wal`, `${path}-shm`]))
  const tree = new Map<string, unknown>()
  for (const text of stdout.split('\n').filter((line) => line !== '')) {
    const line = lineSchema.parse(JSON.parse(text))
    if (beside.has(line.path) || skip?.(line.path) === true) continue
    const left = new Set(['path', ...without, ...(databases.includes(line.path) ? ['mtimeNs', 'size', 'sha256', 'data'] : []), ...(moving.includes(line.path) ? ['mtimeNs'] : [])])
    tree.set(line.path, Object.fromEntries(Object.entries(line).filter(([key]) => !left.has(key))))
  }
  assert.ok(tree.size > 0, `${root} was not looked at`)
  return tree
}
