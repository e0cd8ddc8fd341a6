import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { linkSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { openArchiveFile } from '../../src/archive/archive-file.ts'
import { storedBytes } from '../../src/archive/archive-source.ts'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import { formats } from '../../src/archive/formats.ts'
import { openTreeWriter } from '../../src/disk/tree-writer.ts'
import type { Entry } from '../../src/model/entry.ts'
import type { Manifest, Snapshot } from '../../src/model/restore-point.ts'
import type { Storage } from '../../src/model/storage.ts'
import type { Vault } from '../../src/model/vault.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { about, allOf, chunksOf, entriesOf, exists, folder, listed, randomBytesOf, seeded, testRun, textOf } from './fixtures.ts'

const { signal } = new AbortController()
const noise = randomBytesOf(seeded(11), 3_000_000)

function file(path: string, content: string | Uint8Array): Entry {
  return { path, kind: 'file', mode: 0o644, mtimeNs: 7_000_000_000n, size: content.length, open: () => chunksOf(content) }
}

type Read = { key: string; start: number | undefined }

/** A vault in a folder that tells what is read of it. */
async function watchedVault(place: string, format: 'tar.gz' | 'tar.zst'): Promise<{ vault: Vault; reads: Read[] }> {
  const storage = await openLocalStorage({ root: place })
  const reads: Read[] = []
  const watched: Storage = {
    root: place,
    put: (key, body, options) => storage.put(key, body, options),
    get(key, range, reading) {
      reads.push({ key, start: range?.start })
      return storage.get(key, range, reading)
    },
    list: (prefix, reading) => storage.list(prefix, reading),
    remove: (key, reading) => storage.remove(key, reading),
    usage: (reading) => storage.usage(reading),
    async [Symbol.asyncDispose]() {},
  }
  return { vault: await openArchiveVault({ storage: watched, format }), reads }
}

async function saved(place: string, format: 'tar.gz' | 'tar.zst', ...entries: Entry[]): Promise<Snapshot> {
  const { vault } = await watchedVault(place, format)
  const [point] = await vault.save(listed(...entries), about(), testRun(), () => undefined)
  assert.ok(point?.trailerAt !== undefined)
  return point
}

function changeSidecar(place: string, point: Snapshot, fields: Partial<Snapshot>): void {
  const path = join(place, `${point.key}.json`)
  const { trailerAt: _, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Snapshot
  writeFileSync(path, JSON.stringify({ ...rest, ...fields }))
}

/** Reads the point in all ways, and gives the names that the metadata tell. */
async function readAll(t: TestContext, vault: Vault, id: string, check = true): Promise<{ manifest: Manifest; paths: string[] }> {
  const run = testRun()
  const manifest = await vault.manifest(id, run)
  const metadata = await allOf(vault.open(id, () => true, run, 'metadata'))
  assert.ok(metadata.every((entry) => entry.open === undefined))
  const target = join(folder(t), 'x')
  await using writer = await openTreeWriter(target, { trusted: true, ownership: 'numeric', signal: run.signal })
  await vault.extract(id, () => true, writer, run)
  await writer.finish(run.signal)
  assert.deepEqual(readFileSync(join(target, 'noise')), noise)
  if (check) assert.deepEqual(await allOf(vault.check(id, 'full', run)), [])
  return { manifest, paths: metadata.map(({ path }) => path) }
}

for (const format of ['tar.zst', 'tar.gz'] as const) {
  test(`${format}: manifest and metadata are read from the archive's end alone`, async (t) => {
    const place = folder(t)
    const point = await saved(place, format, file('noise', noise), file('b', 'beta'))
    const { vault, reads } = await watchedVault(place, format)
    await vault.snapshots(testRun())
    assert.equal((await vault.manifest(point.id, testRun())).entries, 2)
    assert.deepEqual((await allOf(vault.open(point.id, () => true, testRun(), 'metadata'))).map(({ path, size }) => `${path} ${size}`), [`noise ${noise.length}`, 'b 4'])
    const ofArchive = reads.filter(({ key }) => key === point.key)
    assert.ok(ofArchive.length > 0)
    assert.deepEqual(ofArchive.filter(({ start }) => start !== point.trailerAt), [])
    await readAll(t, vault, point.id)
  })

  test(`${format}: a hint that is missing or leads elsewhere changes nothing but the time it takes`, async (t) => {
    const place = folder(t)
    const inner = folder(t)
    const older = await saved(inner, format, file('old', 'old'))
    // A whole restore point within the archive, as it lies there: noise does not compress, nor does this.
    const point = await saved(place, format, file('noise', noise), file('inner', readFileSync(join(inner, older.key))), file('c', 'gamma'))
    const archive = readFileSync(join(place, point.key))
    const at = point.trailerAt ?? 0
    const innerAt = archive.indexOf(readFileSync(join(inner, older.key)).subarray(0, 200))
    const wrong = [undefined, 0, 1, 10, at - 1, at + 1, Math.floor(at / 2), archive.length - 1, archive.length, archive.length + 10, ...(innerAt > 0 ? [innerAt, innerAt + (older.trailerAt ?? 0)] : [])]
    for (const trailerAt of wrong) {
      changeSidecar(place, point, trailerAt === undefined ? {} : { trailerAt })
      const { vault } = await watchedVault(place, format)
      const { manifest, paths } = await readAll(t, vault, point.id, trailerAt === 1)
      assert.deepEqual([manifest.points[0]?.id, paths], [point.id, ['noise', 'inner', 'c']], `hint ${trailerAt}`)
    }
  })

  test(`${format}: without its sidecar an archive gives the same`, async (t) => {
    const place = folder(t)
    const point = await saved(place, format, file('noise', noise), file('b', 'beta'))
    const beside = join(place, `${point.key}.json`)
    writeFileSync(beside, '{')
    const { vault, reads } = await watchedVault(place, format)
    const [found] = await vault.snapshots(testRun())
    assert.equal(found?.id, point.id)
    // Frames are found by their headers; deflate blocks have none.
    assert.equal(found?.trailerAt, format === 'tar.zst' ? point.trailerAt : undefined)
    reads.length = 0
    await vault.manifest(point.id, testRun())
    if (format === 'tar.zst') assert.deepEqual(reads.filter(({ key }) => key === point.key).map(({ start }) => start), [point.trailerAt])
    assert.deepEqual((await readAll(t, vault, point.id)).paths, ['noise', 'b'])
  })

  test(`${format}: damage before the records is found although the records were reached without it`, async (t) => {
    const place = folder(t)
    const point = await saved(place, format, file('noise', noise), file('b', 'beta'))
    const archive = readFileSync(join(place, point.key))
    archive[1_500_000] = (archive[1_500_000] ?? 0) ^ 1
    writeFileSync(join(place, point.key), archive)
    const { vault } = await watchedVault(place, format)
    const run = testRun()
    assert.equal((await vault.manifest(point.id, run)).entries, 2)
    const target = join(folder(t), 'x')
    await using writer = await openTreeWriter(target, { trusted: true, ownership: 'numeric', signal: run.signal })
    await assert.rejects(vault.extract(point.id, () => true, writer, run), { code: 'archive.damaged' })
    assert.equal(exists(join(target, 'b')), false)
    assert.ok((await allOf(vault.check(point.id, 'full', run))).some(({ code }) => code === 'archive.damaged'))
  })
}

test('tar.zst: forged records where the hint leads are refused: the archive\'s own are others', async (t) => {
  const place = folder(t)
  const point = await saved(place, 'tar.zst', file('noise', noise), file('b', 'beta'))
  const storage = await openLocalStorage({ root: place })
  const archive = readFileSync(join(place, point.key))
  const at = point.trailerAt ?? 0
  const forged = Buffer.concat(await forgedTrailer(storage, point))
  // All readers pass over a skippable frame (RFC 8878, 3.1.2); who begins within it sees what it holds, then skips the rest.
  const [before, own] = [archive.subarray(0, at), archive.subarray(at)]
  const parts = [before, skippable(forged.length + 8), forged, skippable(own.length), own]
  writeFileSync(join(place, point.key), Buffer.concat(parts))
  changeSidecar(place, point, { trailerAt: at + 8, sizeBytes: archive.length + forged.length + 16 })
  const { vault } = await watchedVault(place, 'tar.zst')
  const run = testRun()
  assert.equal((await vault.manifest(point.id, run)).host, 'forgedhost', 'the means to forge work')
  await using writer = await openTreeWriter(join(folder(t), 'x'), { trusted: true, ownership: 'numeric', signal: run.signal })
  await assert.rejects(vault.extract(point.id, () => true, writer, run), { code: 'archive.damaged' })
  assert.ok((await allOf(vault.check(point.id, 'quick', run))).some(({ code }) => code === 'archive.damaged'))
  // The same when the hint is gone between plan and extraction: what is extracted is not what the plan was made from.
  changeSidecar(place, point, { sizeBytes: archive.length + forged.length + 16 })
  await vault.snapshots(run)
  await assert.rejects(vault.extract(point.id, () => true, writer, run), { code: 'archive.damaged' })
  const { vault: fresh } = await watchedVault(place, 'tar.zst')
  assert.equal((await fresh.manifest(point.id, run)).host, 'testhost')
})

function skippable(sizeBytes: number): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(0x184d2a50, 0)
  header.writeUInt32LE(sizeBytes, 4)
  return header
}

/** The archive's last members with other records and a manifest that fits them. */
async function forgedTrailer(storage: Storage, point: Snapshot): Promise<Uint8Array[]> {
  const texts = new Map<string, string>()
  for await (const entry of formats['tar.zst'].read(storedBytes(storage, point.key, point.sizeBytes), { signal })) {
    if (entry.path.startsWith('.holdfast-')) texts.set(entry.path, entry.open === undefined ? '' : await textOf(entry.open(signal)))
  }
  const [[recordsPath, records] = ['', ''], [manifestPath, manifest] = ['', '']] = [...texts]
  const other = records.replace('"mode":420', '"mode":511')
  const changed = JSON.parse(manifest) as Manifest
  const forged: Manifest = { ...changed, host: 'forgedhost', records: { ...changed.records, sha256: createHash('sha256').update(other).digest('hex') } }
  const members = listed(file(recordsPath, other), file(manifestPath, JSON.stringify(forged)))
  const parts: Uint8Array[] = []
  for await (const chunk of formats['tar.zst'].write(members, { signal, onMember: () => undefined, trailer: () => listed() })) {
    assert.ok(chunk instanceof Uint8Array)
    parts.push(chunk)
  }
  return parts
}

test('zip: a full check reads the content of a file\'s further names too', async (t) => {
  const [source, place] = [folder(t), folder(t)]
  writeFileSync(join(source, 'a'), noise.subarray(0, 50_000))
  linkSync(join(source, 'a'), join(source, 'b'))
  const vault = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format: 'zip' })
  const [point] = await vault.save(entriesOf(source), about(), testRun(), () => undefined)
  assert.ok(point !== undefined)
  const path = join(place, point.key)
  const archive = readFileSync(path)
  const piece = noise.subarray(1000, 1100)
  const second = archive.indexOf(piece, archive.indexOf(piece) + 1)
  assert.ok(second > 0, 'the archive holds the content for each name')
  const findings = async (): Promise<string[]> => (await allOf((await openArchiveFile(path)).check(point.id, 'full', testRun()))).map(({ code }) => code)
  assert.deepEqual(await findings(), [])
  archive[second] = (archive[second] ?? 0) ^ 1
  writeFileSync(path, archive)
  assert.deepEqual(await findings(), ['archive.damaged'])
})
