import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inflateRawSync, zstdDecompressSync } from 'node:zlib'
import { CompressPool } from '../../src/archive/compress-pool.ts'
import type { FilePiece } from '../../src/archive/compress-job.ts'
import { folder, randomBytesOf, seeded } from './fixtures.ts'

function piece(path: string): FilePiece {
  const stat = statSync(path, { bigint: true })
  return { onDisk: path, dev: Number(stat.dev), ino: Number(stat.ino), mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, sizeBytes: Number(stat.size) }
}

test('files are read, hashed and compressed together, in order, here and in threads', async (t) => {
  const root = folder(t)
  const contents = [randomBytesOf(seeded(1), 900_000), Buffer.from('small'), Buffer.alloc(0), Buffer.alloc(700_000, 'ab')]
  for (const [index, content] of contents.entries()) writeFileSync(join(root, String(index)), content)
  await using pool = new CompressPool()
  for (let round = 0; round < 3; round++) {
    for (const codec of ['zstd', 'deflate-raw', 'store'] as const) {
      const pieces = contents.map((_, index): FilePiece => ({ ...piece(join(root, String(index))), before: new Uint8Array(Buffer.from(`<${index}>`)), padTo: 4 }))
      const result = await pool.compress({ codec, output: 'joined', pieces })
      const output = result.output ?? new Uint8Array(0)
      const plain = codec === 'zstd' ? zstdDecompressSync(output) : codec === 'store' ? Buffer.from(output) : inflateRawSync(Buffer.concat([output, Buffer.from([1, 0, 0, 255, 255])]))
      const expected = Buffer.concat(contents.flatMap((content, index) => [Buffer.from(`<${index}>`), content, Buffer.alloc((4 - (content.length % 4)) % 4)]))
      assert.ok(plain.equals(expected), codec)
      assert.deepEqual(result.pieces.map((each) => each.sha256), contents.map((content) => createHash('sha256').update(content).digest('hex')))
    }
  }
})

test('a file that is no longer the one that was seen is left out with its header', async (t) => {
  const root = folder(t)
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name)
  await using pool = new CompressPool()
  const swapped: FilePiece = { ...piece(join(root, 'a')), onDisk: join(root, 'b'), before: new Uint8Array(3) }
  const result = await pool.compress({ codec: 'store', output: 'joined', pieces: [swapped, { ...piece(join(root, 'a')), onDisk: join(root, 'none') }, piece(join(root, 'a'))] })
  assert.equal(Buffer.from(result.output ?? []).toString(), 'a')
  assert.deepEqual(result.pieces.map((each) => [each.leftOut, each.problem?.code]), [[true, 'source.unreadable'], [true, 'source.unreadable'], [false, undefined]])
})

test('a damaged frame is told as damage, also one that holds more than it states', async () => {
  await using pool = new CompressPool()
  const { output } = await pool.compress({ codec: 'zstd', output: 'joined', pieces: [{ bytes: new Uint8Array(100_000) }] })
  assert.ok(output !== undefined)
  const expanded = async (frame: Uint8Array, sizeBytes: number): Promise<Uint8Array> => {
    const job = { frame: new Uint8Array(new SharedArrayBuffer(frame.length)), into: new Uint8Array(new SharedArrayBuffer(sizeBytes)), sizeBytes }
    job.frame.set(frame)
    await pool.expand(job)
    return job.into
  }
  assert.equal((await expanded(output, 100_000)).length, 100_000)
  await assert.rejects(expanded(output, 99_999), { code: 'archive.damaged' })
  await assert.rejects(expanded(output.slice(0, -5), 100_000), { code: 'archive.damaged' })
})

test('disposing ends what is under way, and nothing keeps the process alive', async () => {
  const pool = new CompressPool()
  const jobs = Array.from({ length: 8 }, async () => pool.compress({ codec: 'deflate-raw', output: 'joined', pieces: [{ bytes: pool.takeBuffer() }] }))
  const results = Promise.allSettled(jobs)
  await sleep(1)
  await pool[Symbol.asyncDispose]()
  assert.ok((await results).some((result) => result.status === 'rejected'))
  await assert.rejects(pool.compress({ codec: 'store', output: 'joined', pieces: [] }), { code: 'interrupted' })
})

test('a pool that is disposed of with an answer under way does not end the process in the middle', (t) => {
  const pool = new URL('../../src/archive/compress-pool.ts', import.meta.url).href
  const program = `
    const { CompressPool } = await import(${JSON.stringify(pool)})
    const pool = new CompressPool()
    // Deriving a key for each piece takes about a millisecond.
    const give = (count) => pool.compress({ codec: 'deflate-raw', output: 'each', zipPassword: 'secret', pieces: Array.from({ length: count }, () => ({ bytes: new Uint8Array(10) })) })
    await Promise.all(Array.from({ length: 8 }, () => give(20)))
    // The answers to the short ones wait, and the threads are within the long ones.
    const open = Promise.allSettled([...Array.from({ length: 8 }, () => give(1)), ...Array.from({ length: 8 }, () => give(500))])
    for (const until = performance.now() + 60; performance.now() < until;);
    await pool[Symbol.asyncDispose]()
    await open
    console.log('went on')`
  const file = join(folder(t), 'program.mjs')
  writeFileSync(file, program)
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  assert.deepEqual([status, stdout], [0, 'went on\n'], stderr)
})
