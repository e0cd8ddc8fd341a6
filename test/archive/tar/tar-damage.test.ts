import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openArchiveVault } from '../../../src/archive/archive-vault.ts'
import { encodePax } from '../../../src/archive/tar/pax-records.ts'
import { encodeHeader } from '../../../src/archive/tar/tar-header.ts'
import type { HeaderFields } from '../../../src/archive/tar/tar-header.ts'
import { tarGzFormat } from '../../../src/archive/tar/tar-formats.ts'
import { AppError } from '../../../src/kit/app-error.ts'
import { openLocalStorage } from '../../../src/storage/local.ts'
import { about, allOf, chunksOf, dump, folder, listed, randomBytesOf, seeded, testRun } from '../fixtures.ts'

const { signal } = new AbortController()

/** Reads everything; gives the code of what was thrown. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const source = { sizeBytes: bytes.length, stream: () => chunksOf(bytes), range: () => chunksOf() }
    for await (const entry of tarGzFormat.read(source, { signal })) if (entry.open !== undefined) for await (const _ of entry.open(signal));
    return 'read'
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}

for (const format of ['tar.gz', 'tar.zst'] as const) {
  test(`${format}: cut at any place and flipped in any bit it is refused`, async (t) => {
    const place = folder(t)
    const vault = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format })
    const random = seeded(5)
    const [point] = await vault.save(listed(
      dump('database.sql', 'INSERT '.repeat(20_000)),
      { path: 'a', kind: 'file', mode: 0o644, mtimeNs: 5n, size: 60_000, open: () => chunksOf(randomBytesOf(random, 60_000)) },
      { path: 'l', kind: 'symlink', mode: 0o777, mtimeNs: 5n, linkTarget: 'a' },
    ), about(), testRun(), () => undefined)
    assert.ok(point !== undefined)
    const whole = readFileSync(join(place, point.key))
    const refused = async (bytes: Uint8Array): Promise<boolean> => {
      writeFileSync(join(place, point.key), bytes)
      // The sidecar is of the right size: only the archive itself can tell.
      writeFileSync(join(place, `${point.key}.sha256`), '')
      writeFileSync(join(place, `${point.key}.json`), JSON.stringify({ ...point, sha256: undefined, sizeBytes: bytes.length }))
      const fresh = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format })
      return (await allOf(fresh.check(point.id, 'full', testRun()))).length > 0
    }
    assert.equal(await refused(whole), false)
    for (let i = 0; i < 40; i++) {
      const at = Math.floor(random() * whole.length)
      assert.equal(await refused(whole.subarray(0, at)), true, `cut at ${at}`)
    }
    for (let i = 0; i < 120; i++) {
      const bytes = Uint8Array.from(whole)
      const bit = i < 8 * 12 ? i : Math.floor(random() * whole.length * 8)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(await refused(bytes), true, `bit ${bit} of ${whole.length * 8}`)
    }
    for (const tail of ['x', '\0'.repeat(600), 'garbage after the end'.repeat(100)]) assert.equal(await refused(Buffer.concat([whole, Buffer.from(tail)])), true, 'something follows')
  })
}

function header(fields: Partial<HeaderFields> & { path?: string }): Buffer {
  const block = Buffer.alloc(512)
  encodeHeader(block, { name: Buffer.from(fields.path ?? 'a'), mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, mtimeSeconds: 0, type: '0', ...fields })
  return block
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes], Math.ceil(bytes.length / 512) * 512)
}

const end = Buffer.alloc(1024)

function withPax(records: [string, string][], member: Buffer): Buffer {
  const pax = encodePax(records.map(([key, value]) => [key, Buffer.from(value)]))
  return Buffer.concat([header({ type: 'x', sizeBytes: pax.length }), padded(pax), member, end])
}

test('an archive that claims what is not there is refused without hanging or filling memory', async () => {
  const refused: [string, Buffer][] = [
    ['a size that is not there', Buffer.concat([header({ sizeBytes: 1e15 }), end])],
    ['a negative size', Buffer.concat([header({}), header({ sizeBytes: -5 }), end])],
    ['a header with a wrong checksum', Buffer.concat([header({}), Buffer.from(header({})).fill(0x61, 0, 1).fill(0x62, 1, 2), end])],
    ['zeros without end', Buffer.alloc(20_000_000)],
    ['no end', header({})],
    ['one block of end', Buffer.concat([header({}), Buffer.alloc(512)])],
    ['something after the end', Buffer.concat([header({}), end, Buffer.from('x')])],
    ['a huge extended header', Buffer.concat([header({ type: 'x', sizeBytes: 3_000_000 }), Buffer.alloc(3_000_320), end])],
    ['an extended header about nothing', Buffer.concat([header({ type: 'x', sizeBytes: 0 }), end])],
    ['an extended header of no form', Buffer.concat([header({ type: 'x', sizeBytes: 5 }), padded(Buffer.from('99 a=')), header({}), end])],
    ['an extended record longer than the header', Buffer.concat([header({ type: 'x', sizeBytes: 8 }), padded(Buffer.from('20 a=bb\n')), header({}), end])],
    ['a pax size that is not there', withPax([['size', '9000000000000000']], header({}))],
    ['a pax size that is no number', withPax([['size', '-1']], header({}))],
    ['a pax time that is none', withPax([['mtime', 'yesterday']], header({}))],
    ['a sparse map beyond the file', withPax([['GNU.sparse.size', '10'], ['GNU.sparse.map', '5,10']], header({ sizeBytes: 10 }))],
    ['a sparse map that goes back', withPax([['GNU.sparse.size', '100'], ['GNU.sparse.map', '50,5,10,5']], Buffer.concat([header({ sizeBytes: 10 }), Buffer.alloc(512)]))],
    ['a sparse map with too many pieces', withPax([['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.realsize', '9']], Buffer.concat([header({ sizeBytes: 512 }), padded(Buffer.from('99999999\n'))]))],
    ['a sparse file with less than its pieces', withPax([['GNU.sparse.size', '100'], ['GNU.sparse.map', '0,50']], Buffer.concat([header({ sizeBytes: 10 }), Buffer.alloc(512)]))],
    ['a link with content', Buffer.concat([header({ type: '2', sizeBytes: 512 }), Buffer.alloc(512), end])],
  ]
  for (const [what, bytes] of refused) {
    assert.equal(await outcome(bytes), 'archive.damaged', what)
    assert.equal(await outcome(gzipSync(bytes)), 'archive.damaged', `${what}, compressed`)
  }
  assert.equal(await outcome(Buffer.concat([header({ type: 'Q' }), end])), 'archive.foreign')
  assert.equal(await outcome(Buffer.from('no archive at all'.repeat(100))), 'archive.foreign')
  assert.equal(await outcome(Buffer.alloc(0)), 'archive.damaged')
  assert.equal(await outcome(end), 'read')
  assert.equal(await outcome(Buffer.concat([header({}), end])), 'read')
})

test('compressed bytes that go wrong in the middle, or have no end, are refused', async () => {
  const plain = Buffer.concat([header({ sizeBytes: 400_000 }), randomBytesOf(seeded(9), 400_000), Buffer.alloc(384), end])
  const whole: [string, Buffer][] = [['gzip', gzipSync(plain)], ['zstd', execFileSync('zstd', ['-c'], { input: plain })], ['zstd without checksum', execFileSync('zstd', ['-c', '--no-check'], { input: plain })]]
  for (const [name, bytes] of whole) {
    assert.equal(await outcome(bytes), 'read', name)
    for (const cut of [5, 20, 1000, bytes.length >> 1, bytes.length - 1]) assert.equal(await outcome(bytes.subarray(0, cut)), 'archive.damaged', `${name} cut to ${cut}`)
    assert.equal(await outcome(Buffer.concat([bytes, Buffer.from('garbage')])), 'archive.damaged', `${name} and garbage`)
    // Tapes fill up with zeros, which gzip itself passes over.
    assert.equal(await outcome(Buffer.concat([bytes, Buffer.alloc(64)])), name === 'gzip' ? 'read' : 'archive.damaged', `${name} and zeros`)
    assert.equal(await outcome(Buffer.concat([bytes, Buffer.alloc(64), Buffer.from([1])])), 'archive.damaged', `${name}, zeros and garbage`)
  }
})

test('a bomb is expanded piece by piece, never as a whole', async () => {
  const start = header({ sizeBytes: 1e12 }).toString('base64')
  const bomb = execFileSync('sh', ['-c', `(echo ${start} | base64 -d; head -c 400000000 /dev/zero) | zstd -q -c`])
  const before = process.memoryUsage().rss
  assert.equal(await outcome(bomb), 'archive.damaged')
  assert.ok(process.memoryUsage().rss - before < 150e6)
})
