import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openArchiveFile } from '../../src/archive/archive-file.ts'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import { storedBytes } from '../../src/archive/archive-source.ts'
import { formats } from '../../src/archive/formats.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Entry } from '../../src/model/entry.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { about, allOf, chunksOf, folder, listed, testRun, textOf } from './fixtures.ts'

const { signal } = new AbortController()
type Whole = { entry: Entry; text: string | undefined }
type Forgery = (members: Whole[]) => Whole[]

const isRecords = (member: Whole): boolean => member.entry.path.endsWith('/records.ndjson')
const isManifest = (member: Whole): boolean => member.entry.path.endsWith('/manifest.json')
const edit = (which: (member: Whole) => boolean, change: (text: string) => string): Forgery => (members) => members.map((member) => (which(member) ? { ...member, text: change(member.text ?? '') } : member))
const named = (path: string) => (member: Whole): boolean => member.entry.path === path

/** Another content with a record that fits it, and the hash of those records in the manifest. */
const consistent: Forgery = (members) => {
  const changed = edit(named('a'), () => 'ALPHA')(members)
  const records = edit(isRecords, (text) => text.replace(/[0-9a-f]{64}/, createHash('sha256').update('ALPHA').digest('hex')))(changed)
  const sha = createHash('sha256').update(records.find(isRecords)?.text ?? '').digest('hex')
  return edit(isManifest, (text) => text.replace(/("path": "[^"]*records.ndjson",\s*"sha256": ")[0-9a-f]{64}/, `$1${sha}`))(records)
}

const forgeries: Record<string, Forgery> = {
  'another content of the same size': edit(named('a'), () => 'ALPHA'),
  'a content of another size': edit(named('a'), () => 'alphabet'),
  'a member that is missing': (members) => members.filter((member) => !named('a')(member)),
  'a member too many': (members) => [...members.slice(0, 1), { entry: { path: 'b0', kind: 'file', mode: 0o644, mtimeNs: 7n }, text: 'more' }, ...members.slice(1)],
  'members that changed places': (members) => [...members.slice(1, 3).toReversed(), ...members.slice(0, 1), ...members.slice(3)],
  'a record that is missing': edit(isRecords, (text) => text.slice(text.indexOf('\n') + 1)),
  'a record that was changed': edit(isRecords, (text) => text.replace('"mode":420', '"mode":511')),
  'records that were cut': edit(isRecords, (text) => text.slice(0, -5)),
  'a manifest of another point': edit(isManifest, (text) => text.replace(/"id": "[0-9a-f]{16}"/, '"id": "0123456789abcdef"')),
  'a manifest that is none': edit(isManifest, (text) => text.slice(0, -10)),
  'no manifest': (members) => members.filter((member) => !isManifest(member)),
  'no records': (members) => members.filter((member) => !isRecords(member)),
  'something after the manifest': (members) => [...members, { entry: { path: 'z', kind: 'file', mode: 0o644, mtimeNs: 7n }, text: 'z' }],
}

async function verdict(path: string): Promise<string> {
  try {
    const reader = await openArchiveFile(path)
    const [point] = await reader.snapshots(testRun())
    const findings = await allOf(reader.check(point?.id ?? '', 'full', testRun()))
    return findings[0]?.code ?? 'sound'
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}

for (const format of ['zip', 'tar.gz', 'tar.zst'] as const) {
  test(`${format}: an archive put together otherwise than its records tell is refused, although every checksum is right`, async (t) => {
    const storage = new MemoryStorage()
    const vault = await openArchiveVault({ storage, format })
    const file = (path: string, text: string): Entry => ({ path, kind: 'file', mode: 0o644, mtimeNs: 7_000_000_000n, size: text.length, open: () => chunksOf(text) })
    const [point] = await vault.save(listed(file('a', 'alpha'), file('b', 'beta'), file('c', 'gamma')), about(), testRun(), () => undefined)
    assert.ok(point !== undefined)
    const original: Whole[] = []
    for await (const entry of formats[format].read(storedBytes(storage, point.key, point.sizeBytes), { signal })) original.push({ entry, text: entry.open === undefined ? undefined : await textOf(entry.open(signal)) })
    assert.equal(original.length, 5)
    const write = async (members: Whole[]): Promise<string> => {
      const path = join(folder(t), 'forged')
      const entries = members.map(({ entry, text }): Entry => (text === undefined ? entry : { ...entry, size: Buffer.byteLength(text), open: () => chunksOf(text) }))
      await storage.put('forged', formats[format].write(listed(...entries), { signal, onMember: () => undefined, trailer: () => listed() }), { replace: true, signal })
      const parts = await allOf(storage.get('forged', undefined, signal))
      writeFileSync(path, Buffer.concat(parts))
      return path
    }
    assert.equal(await verdict(await write(original)), 'sound')
    assert.equal(await verdict(await write(consistent(original))), 'sound', 'the means to forge work')
    for (const [what, forge] of Object.entries(forgeries)) {
      const code = await verdict(await write(forge(original)))
      assert.ok(code === 'archive.damaged' || code === 'archive.foreign', `${what}: ${code}`)
    }
  })
}
