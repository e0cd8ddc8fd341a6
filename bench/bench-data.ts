import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A small generator with a seed, so that every run has the same data (xorshift32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4294967296
  }
}

const words = 'the of select insert function return public array value string order customer invoice total price item date user status config module template field update where from null default key index table'.split(' ')

/** Text with the redundancy of source code and SQL: words, numbers and repeated lines. */
function textBytes(next: () => number, sizeBytes: number): Buffer {
  const lines: string[] = []
  let length = 0
  while (length < sizeBytes) {
    const line = lines.length > 20 && next() < 0.25 ? lines[Math.floor(next() * lines.length)] ?? '' : `${'  '.repeat(Math.floor(next() * 4))}${Array.from({ length: 3 + Math.floor(next() * 9) }, () => next() < 0.15 ? Math.floor(next() * 1e6).toString(36) : words[Math.floor(next() * words.length)]).join(' ')};`
    lines.push(line)
    length += line.length + 1
  }
  return Buffer.from(lines.join('\n')).subarray(0, sizeBytes)
}

/** What does not compress, as pictures and archives do. */
function randomBytes(next: () => number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE(Math.floor(next() * 4294967296), at)
  return bytes
}

/** 30,000 files and 1 GB at scale 1: small source files, larger documents, pictures; three levels deep. Made once. */
export function makeMixedTree(folder: string, scale: number): void {
  if (existsSync(join(folder, '.complete'))) return
  const next = generator(42)
  const text = textBytes(next, 16 << 20)
  const random = randomBytes(next, 16 << 20)
  const piece = (from: Buffer, sizeBytes: number): Buffer => {
    const at = Math.floor(next() * (from.length - sizeBytes))
    return from.subarray(at, at + sizeBytes)
  }
  const files = Math.round(30_000 * scale)
  for (let file = 0; file < files; file++) {
    const parent = join(folder, `m${file % 30}`, `d${file % 400}`)
    mkdirSync(parent, { recursive: true })
    const kind = next()
    // About 75 % small text, 15 % medium, 10 % incompressible; together 33 kB in the mean.
    const content = kind < 0.75 ? piece(text, Math.floor(500 + next() * 16_000)) : kind < 0.9 ? piece(text, Math.floor(20_000 + next() * 150_000)) : piece(random, Math.floor(20_000 + next() * 240_000))
    writeFileSync(join(parent, `file-${file}.${kind < 0.9 ? 'php' : 'jpg'}`), content)
  }
  writeFileSync(join(folder, '.complete'), '')
}

/** One file of 1 GB at scale 1, like a database dump. Made once. */
export function makeDumpLike(folder: string, scale: number): void {
  const path = join(folder, 'database.sql')
  if (existsSync(path)) return
  mkdirSync(folder, { recursive: true })
  const next = generator(7)
  const fd = openSync(`${path}.part`, 'w')
  for (let written = 0; written < 1e9 * scale;) {
    const rows = Array.from({ length: 400 }, (_, row) => `(${written + row},'${words[Math.floor(next() * words.length)]} ${Math.floor(next() * 1e9).toString(36)}','2026-11-${10 + Math.floor(next() * 20)} ${10 + Math.floor(next() * 14)}:00:00',${(next() * 1000).toFixed(2)},NULL,'${words[Math.floor(next() * words.length)]}')`)
    written += writeSync(fd, `INSERT INTO \`co_documents\` VALUES\n${rows.join(',\n')};\n`)
  }
  closeSync(fd)
  writeFileSync(join(folder, '.complete'), '')
  // Renamed last, so that a broken run is not taken for whole.
  renameSync(`${path}.part`, path)
}
