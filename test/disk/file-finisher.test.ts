import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { batchBytes, FileBatch } from '../../src/disk/file-batch.ts'
import { finishFiles } from '../../src/disk/finish-files.ts'
import { openLibc } from '../../src/disk/libc.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Entry } from '../../src/model/entry.ts'
import { entry, never, openWriter, withFolder, withTmpfs } from './support.ts'

const code = (wanted: string) => (error: unknown): boolean => error instanceof AppError && error.code === wanted
const openFiles = (): number => readdirSync('/proc/self/fd').length
const bytes = randomBytes(1024 * 1024)

/** The number of a file makes its size (also none, and a whole MiB), its place in the bytes, and its metadata. */
function sample(index: number): { readonly given: Entry; readonly content: Uint8Array; readonly sha256: string } {
  const size = index % 400 === 399 ? bytes.length : (index * 7919) % 60_000
  const content = bytes.subarray(bytes.length - size)
  const given = entry(`d${index % 7}/f${index}`, { size, mode: index % 3 === 0 ? 0o640 : 0o755, mtimeNs: 1_700_000_000_000_000_001n + BigInt(index), uid: index % 5, gid: index % 11 })
  return { given, content, sha256: hash('sha256', content) }
}

test('files that another thread finishes come back exactly, and none stays open', async () => {
  await withFolder(async (folder) => {
    const before = openFiles()
    {
      await using writer = await openWriter(folder)
      for (let index = 0; index < 2000; index++) {
        const { given, content, sha256 } = sample(index)
        // The memory is the caller's again once it has returned.
        const lent = Uint8Array.from(content)
        writer.writeSmall(given, lent, sha256)
        lent.fill(0)
      }
      deepEqual(await writer.finish(never), [])
    }
    for (let index = 0; index < 2000; index++) {
      const { given, content } = sample(index)
      const path = join(folder, given.path)
      const stat = statSync(path, { bigint: true })
      ok(readFileSync(path).equals(content), path)
      deepEqual([stat.mode & 0o7777n, stat.mtimeNs, stat.uid, stat.gid], [BigInt(given.mode), given.mtimeNs, BigInt(given.uid ?? 0), BigInt(given.gid ?? 0)], path)
    }
    equal(openFiles(), before)
  })
})

for (const [where, index] of [['alone', 0], ['among the first', 20], ['among many', 1000]] as const) {
  test(`content that is not what its hash tells is refused, and nothing of it stays: ${where}`, async () => {
    await withFolder(async (folder) => {
      const before = openFiles()
      {
        await using writer = await openWriter(folder)
        await rejects(async () => {
          for (let at = 0; at <= index; at++) {
            const { given, content, sha256 } = sample(at)
            writer.writeSmall(given, content, at === index ? hash('sha256', 'another') : sha256)
          }
          await writer.finish(never)
        }, code('archive.damaged'))
      }
      const refused = sample(index).given.path
      equal(existsSync(join(folder, refused)), false)
      equal(openFiles(), before)
    })
  })
}

test('what another thread cannot write is an error of the file, by finish at the latest', async () => {
  await withFolder(async (folder) => {
    await withTmpfs(folder, 'size=2m', async () => {
      const before = openFiles()
      {
        await using writer = await openWriter(folder)
        await rejects(async () => {
          for (let at = 0; at < 200; at++) {
            const { given, content, sha256 } = sample(at)
            writer.writeSmall(given, content, sha256)
          }
          await writer.finish(never)
        }, code('storage.full'))
      }
      equal(openFiles(), before)
    })
  })
})

test('a writer that is left early has finished what it was given', async () => {
  await withFolder(async (folder) => {
    const before = openFiles()
    {
      await using writer = await openWriter(folder)
      for (let at = 0; at < 100; at++) {
        const { given, content, sha256 } = sample(at)
        writer.writeSmall(given, content, sha256)
      }
    }
    ok(readFileSync(join(folder, sample(99).given.path)).equals(sample(99).content))
    equal(openFiles(), before)
  })
})

test('what could not be kept of a file is told, and the file is there', async () => {
  await withFolder((folder) => {
    const libc = openLibc()
    ok(libc !== undefined)
    const batch = new FileBatch(new SharedArrayBuffer(batchBytes))
    const fd = openSync(join(folder, 'f'), 'wx')
    batch.add({ fd, uid: undefined, gid: undefined, mode: 0o600, mtimeNs: 0n, sha256: Buffer.from(hash('sha256', 'x'), 'hex') }, Buffer.from('x'))
    const fails = (): never => { throw Object.assign(new Error('no times here'), { code: 'EPERM' }) }
    finishFiles(batch, { ...libc, setTimes: fails })
    deepEqual(batch.troubles(), [{ file: 0, kind: 'problem', code: 'times', message: 'Its times could not be set (EPERM)' }])
    equal(readFileSync(join(folder, 'f'), 'utf8'), 'x')
    throws(() => fstatSync(fd), { code: 'EBADF' })
    batch.empty()
    const other = openSync(join(folder, 'g'), 'wx')
    batch.add({ fd: other, uid: undefined, gid: undefined, mode: 0o600, mtimeNs: 0n, sha256: Buffer.alloc(32) }, Buffer.from('x'))
    finishFiles(batch, libc)
    deepEqual(batch.troubles(), [{ file: 0, kind: 'damaged' }])
    equal(fstatSync(other).size, 0)
    closeSync(other)
  })
})
