import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Gate, GateResult } from '../../scripts/gate.ts'
import { Secret } from '../../src/kit/secret.ts'
import { zipFormat } from '../../src/archive/zip/zip-format.ts'
import type { Entry } from '../../src/model/entry.ts'
import { fileEntry, local, never, python, randomBuffer, run, seeded, someTimeNs, writeArchive } from '../archive/zip-support.ts'

const sample = { dumpBytes: 30_000_000, filmBytes: 10_000_000 }
/** Both sizes of the one and the place of the last member then need 64 bits. */
const whole = { dumpBytes: 9 * 2 ** 30, filmBytes: 4.3 * 2 ** 30 }

function* repeated(sizeBytes: number, block: Buffer): Generator<Buffer> {
  for (let at = 0; at < sizeBytes; at += block.length) yield block.subarray(0, Math.min(block.length, sizeBytes - at))
}

function stream(path: string, sizeBytes: number, block: Buffer): Entry {
  return { path, kind: 'file', mode: 0o600, mtimeNs: someTimeNs, async *open() { yield* repeated(Math.floor(sizeBytes), block) } }
}

/** Streams that never tell their size, 9 GiB that compress and more than 4 GiB that do not, then a small member: others must find all whole. */
async function zipLarge({ full, seed }: { full: boolean; seed: number }): Promise<GateResult> {
  const { dumpBytes, filmBytes } = full ? whole : sample
  const random = randomBuffer(seeded(seed), 1 << 20)
  const entries = [
    stream('database.sql', dumpBytes, Buffer.alloc(1 << 20, `INSERT INTO t VALUES (${seed}, 'text');\n`)),
    stream('film.mp4', filmBytes, random),
    fileEntry('last.txt', 'the end'),
  ]
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-zip-large-'))
  try {
    const archive = join(folder, 'a.zip')
    const encrypted = await writeArchive(archive, entries, { password: 'geheim' })
    run('7z', 'p7zip-full', ['t', '-pgeheim', archive])
    const readEncrypted = await hashes(archive, 'geheim')
    const plain = await writeArchive(archive, entries)
    run('unzip', 'unzip', ['-tq', archive])
    const sizes = python('import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(*[i.file_size for i in z.infolist()])', archive).trim()
    const readPlain = await hashes(archive)
    const expected = plain.members.map((member) => member.sha256).join(' ')
    const ok = readEncrypted === expected && readPlain === expected && sizes === plain.members.map((member) => member.sizeBytes).join(' ')
    return { ok, figures: { 'bytes in': dumpBytes + Math.floor(filmBytes), 'bytes of the archive': plain.sizeBytes, 'encrypted': encrypted.sizeBytes } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function hashes(archive: string, password?: string): Promise<string> {
  const all: string[] = []
  for await (const entry of zipFormat.read(local(archive), { signal: never, ...(password === undefined ? {} : { password: new Secret(password) }) })) {
    const sha = createHash('sha256')
    if (entry.open !== undefined) for await (const bytes of entry.open(never)) sha.update(bytes)
    all.push(sha.digest('hex'))
  }
  return all.join(' ')
}

export const gate: Gate = { name: 'large zip members', run: zipLarge }
