import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import { AppError } from '../../src/kit/app-error.ts'
import type { Entry } from '../../src/model/entry.ts'
import { deriveKeysSync, encryptWhole } from '../../src/archive/zip/winzip-aes.ts'
import { centralRecord, localHeader } from '../../src/archive/zip/zip-headers.ts'
import { zipMember } from '../../src/archive/zip/zip-member.ts'
import type { ZipContent } from '../../src/archive/zip/zip-member.ts'
import { zipFormat } from '../../src/archive/zip/zip-format.ts'
import { facts, fileEntry, local, never, randomBuffer, readArchive, remote, run, sealed, seeded, someTimeNs, withFolder, writeArchive } from './zip-support.ts'

const seed = Number(process.env['HOLDFAST_SEED'] ?? 20_261_120)
const text = 'Pack my box with five dozen liquor jugs.\n'
const refused = new Set(['archive.damaged', 'archive.foreign', 'archive.password', 'archive.encryption', 'archive.unsafe'])

const samples = new Map<string, Buffer>()

/** Folders, links, stored and deflated files, an empty one, a stream in several blocks, uid and gid. */
function sampleEntries(): Entry[] {
  const { size: _size, ...stream } = fileEntry('dump.sql', Buffer.alloc(4_500_000, text))
  return [
    stream,
    { path: 'folder', kind: 'dir', mode: 0o755, mtimeNs: someTimeNs, uid: 33, gid: 33 },
    fileEntry('folder/a.txt', text.repeat(3), { uid: 1000, gid: 1000 }),
    fileEntry('folder/random', randomBuffer(seeded(1), 400)),
    fileEntry('folder/ü', ''),
    { path: 'link', kind: 'symlink', mode: 0o777, mtimeNs: someTimeNs, linkTarget: 'folder/a.txt' },
  ]
}

before(() => withFolder(async (folder) => {
  for (const password of [undefined, 'geheim']) {
    const archive = join(folder, 'a.zip')
    await writeArchive(archive, sampleEntries(), { ...(password === undefined ? {} : { password }), trailer: [fileEntry('records', text)] })
    samples.set(password ?? '', readFileSync(archive))
  }
}))

for (const password of ['', 'geheim']) {
  const kind = password === '' ? 'a plain' : 'an encrypted'

  test(`${kind} archive with any one bit changed is refused (seed ${seed})`, async () => {
    const sample = samples.get(password) ?? Buffer.alloc(0)
    const random = seeded(seed)
    const places = Array.from({ length: password === '' ? 700 : 250 }, () => random(sample.length * 8))
    // The last byte of a deflate stream holds bits that inflating does not look at.
    const lastByte = startOf(sample, 'folder/') - 1
    places.push(...Array.from({ length: 8 }, (_, bit) => lastByte * 8 + bit))
    for (const place of places) {
      const changed = Buffer.from(sample)
      changed[place >> 3] = (changed[place >> 3] ?? 0) ^ (1 << (place & 7))
      await refusedFor(changed, password, `bit ${place} of ${sample.length * 8}`)
    }
  })

  test(`${kind} archive that ends early is refused wherever it ends (seed ${seed})`, async () => {
    const sample = samples.get(password) ?? Buffer.alloc(0)
    const random = seeded(seed)
    const places = [0, 1, 21, 22, sample.length - 1, sample.length - 22, ...Array.from({ length: 150 }, () => random(sample.length))]
    for (const place of places) await refusedFor(sample.subarray(0, place), password, `cut at ${place} of ${sample.length}`)
  })
}

/** Where the member of that name begins, so that the one before it ends. */
function startOf(sample: Buffer, name: string): number {
  return sample.indexOf(Buffer.from(name)) - 30
}

async function refusedFor(bytes: Buffer, password: string, what: string): Promise<void> {
  try {
    await readArchive(remote(bytes), password === '' ? undefined : password)
  } catch (error) {
    ok(error instanceof AppError && refused.has(error.code), `${what}: ${String(error)}`)
    return
  }
  throw new Error(`${what}: read without a word`)
}

test('bytes after an archive, and an archive that another program has changed, are refused', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  const sample = samples.get('') ?? Buffer.alloc(0)
  await refusedFor(Buffer.concat([sample, Buffer.alloc(1)]), '', 'one more byte')
  writeFileSync(archive, sample)
  run('zip', 'zip', ['-qd', archive, 'folder/random'])
  await rejects(readArchive(local(archive)), { code: 'archive.damaged' })
}))

test('a wrong password and none are told as such, before any content', async () => {
  const sample = remote(samples.get('geheim') ?? Buffer.alloc(0))
  await rejects(readArchive(sample, 'falsch'), { code: 'archive.password' })
  await rejects(readArchive(sample), { code: 'archive.password' })
  equal(facts(await readArchive(sample, 'geheim')).length, 7)
})

test('a member whose password test was changed is damage once another has proven the password', async () => {
  const sample = Buffer.from(samples.get('geheim') ?? Buffer.alloc(0))
  const start = startOf(sample, 'folder/random')
  const verifier = start + 30 + sample.readUInt16LE(start + 26) + sample.readUInt16LE(start + 28) + 16
  sample[verifier] = (sample[verifier] ?? 0) ^ 1
  await rejects(readArchive(remote(sample), 'geheim', (path) => ['folder/a.txt', 'folder/random'].includes(path)), { code: 'archive.damaged' })
  await rejects(readArchive(remote(sample), 'geheim', (path) => path === 'folder/random'), { code: 'archive.password' })
})

test('a wrong password that passes a member\'s test by chance is told as wrong, not as damage', async () => {
  // With the keys of "falsch" but the verifier of "geheim", as happens once in 65,536.
  const plain = Buffer.from(text)
  const salt = Buffer.alloc(16, 5)
  const stored = encryptWhole(plain, 'falsch', salt)
  deriveKeysSync('geheim', salt, 3).verifier.copy(stored, 16)
  const member = craft([{ path: 'a', content: plain, stored, facts: { deflated: false, encrypted: true, crc32: 0 } }])
  await rejects(readArchive(remote(member), 'geheim'), { code: 'archive.password' })
})

type Crafted = { path: string; content: Uint8Array; stored?: Uint8Array; facts?: Partial<ZipContent>; offset?: number }

/** An archive whose members say what they like, with a right seal. */
function craft(members: readonly Crafted[]): Buffer {
  const bodies: Buffer[] = []
  const records: Buffer[] = []
  let at = 0
  for (const { path, content, stored = deflateRawSync(content), facts: more, offset } of members) {
    const member = zipMember(fileEntry(path, content), 'file', false)
    const said = { deflated: true, encrypted: false, crc32: crc32(content), plainBytes: content.length, storedBytes: stored.length, ...more }
    records.push(centralRecord(member, said, offset ?? at, crc32(stored)))
    if (offset !== undefined) continue
    const body = Buffer.concat([localHeader(member, said), stored])
    bodies.push(body)
    at += body.length
  }
  return sealed(bodies, records)
}

test('an archive made by hand as ours are is read, so that what follows tests what it says', async () => {
  const read = await readArchive(remote(craft([{ path: 'a', content: Buffer.from(text) }, { path: 'b', content: Buffer.from('b') }])))
  deepEqual(read.map(({ content }) => content?.toString()), [text, 'b'])
})

test('members that share their bytes are refused before the first is given', async () => {
  const bomb = craft([{ path: 'a', content: Buffer.alloc(100_000) }, { path: 'b', content: Buffer.alloc(100_000), offset: 0 }])
  await rejects(readArchive(remote(bomb), undefined, () => false), { code: 'archive.damaged', message: /overlap/ })
})

test('a member that reaches into the next one or into the directory is refused', async () => {
  const inner = craft([{ path: 'in', content: Buffer.from('quoted') }])
  const innerMember = inner.subarray(0, inner.indexOf(Buffer.from('PK\u0001\u0002', 'latin1')))
  const outer = craft([{ path: 'out', content: innerMember, stored: innerMember, facts: { deflated: false } }, { path: 'in', content: Buffer.from('quoted'), offset: 33 + 9 }])
  await rejects(readArchive(remote(outer)), { code: 'archive.damaged' })
  // Already by the directory, before a member is given.
  await rejects(readArchive(remote(outer), undefined, () => false), { code: 'archive.damaged', message: /overlap/ })
  const long = craft([{ path: 'a', content: Buffer.alloc(10), stored: Buffer.alloc(10), facts: { deflated: false, storedBytes: 60, plainBytes: 60 } }])
  await rejects(readArchive(remote(long)), { code: 'archive.damaged' })
})

test('content that is longer than its stated size never comes, small and large', async () => {
  for (const [plainBytes, saidBytes] of [[900_000, 10], [60_000_000, 2_000_000], [60_000_000, 0]] as const) {
    const bomb = craft([{ path: 'bomb', content: Buffer.alloc(0), stored: deflateRawSync(Buffer.alloc(plainBytes)), facts: { plainBytes: saidBytes } }])
    let given = 0
    await rejects(async () => {
      for await (const entry of zipFormat.read(remote(bomb), { signal: never })) {
        if (entry.open !== undefined) for await (const bytes of entry.open(never)) given += bytes.length
      }
    }, { code: 'archive.damaged' })
    ok(given <= saidBytes, `${given} bytes came`)
  }
})

test('content that is shorter than its stated size, or followed by something, is refused, small and large', async () => {
  for (const sizeBytes of [1000, 5_000_000]) {
    const content = randomBuffer(seeded(3), 1000)
    const whole = Buffer.alloc(sizeBytes, content)
    await rejects(readArchive(remote(craft([{ path: 'short', content: whole, facts: { plainBytes: sizeBytes + 1 } }]))), { code: 'archive.damaged' })
    await rejects(readArchive(remote(craft([{ path: 'more', content: whole, stored: Buffer.concat([deflateRawSync(whole), Buffer.alloc(9)]) }]))), { code: 'archive.damaged' })
    await rejects(readArchive(remote(craft([{ path: 'cut', content: whole, stored: deflateRawSync(whole).subarray(0, -3) }]))), { code: 'archive.damaged' })
    await rejects(readArchive(remote(craft([{ path: 'sum', content: whole, facts: { crc32: 1 } }]))), { code: 'archive.damaged' })
  }
})

test('a link with an endless target is refused', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  await writeArchive(archive, [{ path: 'link', kind: 'symlink', mode: 0o777, mtimeNs: someTimeNs, linkTarget: 'x'.repeat(9000) }])
  await rejects(readArchive(local(archive)), { code: 'archive.damaged' })
}))

test('an archive whose directory is cut or counts wrong is refused also where it is not ours', () => withFolder(async (folder) => {
  const source = join(folder, 'a.txt')
  writeFileSync(source, text)
  writeFileSync(join(folder, 'b.txt'), text)
  run('zip', 'zip', ['-q', 'a.zip', 'a.txt', 'b.txt'], folder)
  const sample = readFileSync(join(folder, 'a.zip'))
  const end = sample.length - 22
  const fewer = Buffer.from(sample)
  fewer.writeUInt16LE(1, end + 8)
  fewer.writeUInt16LE(1, end + 10)
  await refusedFor(fewer, '', 'one member less in the end record')
  const more = Buffer.from(sample)
  more.writeUInt16LE(3, end + 10)
  await refusedFor(more, '', 'one member more in the end record')
  const renamed = Buffer.from(sample)
  renamed.write('x.txt', 30)
  await refusedFor(renamed, '', 'another name in the local header')
}))
