import { deepEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeName } from '../../src/disk/name-codec.ts'
import type { Entry } from '../../src/model/entry.ts'
import { fileEntry, local, readArchive, remote, withFolder, writeArchive } from './zip-support.ts'

const runs = { numRuns: 15, seed: 20_261_120 }

const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => decodeName(bytes.filter((byte) => byte !== 0 && byte !== 0x2f))).filter((part) => !['', '.', '..'].includes(part))
const times = fc.bigInt({ min: -2_000_000_000n, max: 2_000_000_000n }).map((seconds) => seconds * 1_000_000_000n)
const content = fc.oneof(
  fc.uint8Array({ maxLength: 5000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 400_000 })).map(([pattern, sizeBytes]) => Buffer.alloc(sizeBytes, pattern)),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 2_000_000, max: 4_500_000 })).map(([pattern, sizeBytes]) => Buffer.alloc(sizeBytes, pattern)),
)
const entry = fc.record({
  parts: fc.array(name, { minLength: 1, maxLength: 3 }), kind: fc.constantFrom('file', 'file', 'stream', 'dir', 'symlink'), mode: fc.integer({ min: 0, max: 0o7777 }),
  mtimeNs: times, content, target: name, owner: fc.option(fc.record({ uid: fc.nat(2 ** 31 - 1), gid: fc.nat(2 ** 31 - 1) })),
}).map(({ parts, kind, mode, mtimeNs, content: bytes, target, owner }): { entry: Entry; bytes: Uint8Array | undefined } => {
  const facts = { mode, mtimeNs, ...owner }
  const path = parts.join('/')
  if (kind === 'dir') return { entry: { path, kind, ...facts }, bytes: undefined }
  if (kind === 'symlink') return { entry: { path, kind, linkTarget: target, ...facts }, bytes: undefined }
  const { size, ...rest } = fileEntry(path, bytes, facts)
  return { entry: kind === 'stream' || size === undefined ? rest : { ...rest, size }, bytes }
})
const trees = fc.uniqueArray(entry, { selector: (one) => one.entry.path, maxLength: 14 })

for (const password of [undefined, 'a pässword']) {
  test(`any tree comes back as it was, ${password === undefined ? 'open' : 'encrypted'}`, () => withFolder(async (folder) => {
    const archive = join(folder, 'a.zip')
    await fc.assert(fc.asyncProperty(trees, fc.boolean(), async (tree, fromFile) => {
      await writeArchive(archive, tree.map((one) => one.entry), password === undefined ? {} : { password })
      const read = await readArchive(fromFile ? local(archive) : remote(readFileSync(archive)), password)
      deepEqual(
        read.map(({ entry: { open: _open, size: _size, ...facts }, content: bytes }) => ({ ...facts, bytes })),
        tree.map(({ entry: { open: _open, size: _size, ...facts }, bytes }) => ({ ...facts, bytes: bytes === undefined ? undefined : Buffer.from(bytes) })),
      )
    }), runs)
  }))
}
