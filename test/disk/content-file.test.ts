import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openContentFile } from '../../src/disk/content-file.ts'
import { openLibc } from '../../src/disk/libc.ts'
import { readContent } from '../../src/disk/read-content.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Entry } from '../../src/model/entry.ts'
import { never, sh, walkAll, withFolder } from './support.ts'

const unreadable = (error: unknown): boolean => error instanceof AppError && error.code === 'source.unreadable'

async function fileIn(folder: string, content: string | Uint8Array): Promise<Entry & { onDisk: string }> {
  writeFileSync(join(folder, 'f'), content)
  const found = (await walkAll(folder)).entries.find(({ path }) => path === 'f')
  if (found?.onDisk === undefined) throw new Error('the walk does not see the file')
  return { ...found, onDisk: found.onDisk }
}

test('content is read by place, and whole', async () => {
  await withFolder(async (folder) => {
    const given = await fileIn(folder, 'hello world')
    using file = openContentFile(given.onDisk, given)
    const bytes = new Uint8Array(8)
    equal(file.size, 11)
    equal(file.readSync(bytes, 6), 5)
    equal(Buffer.from(bytes.subarray(0, 5)).toString(), 'world')
    equal(file.readSync(bytes, 11), 0)
    equal(file.changedSince(given.mtimeNs, given.ctimeNs, given.size), false)
  })
})

test('every kind of change since the walk is seen', async () => {
  const changes: [string, (path: string) => void][] = [
    ['grown', (path) => appendFileSync(path, 'more')],
    ['cut', (path) => truncateSync(path, 3)],
    ['same size and time', (path) => {
      const { atime, mtimeNs } = lstatSync(path, { bigint: true })
      writeFileSync(path, 'HELLO')
      utimesSync(path, atime, 1)
      openLibc()?.setTimes(path, { atimeNs: undefined, mtimeNs })
    }],
    ['mode', (path) => chmodSync(path, 0o600)],
  ]
  for (const [name, change] of changes) {
    await withFolder(async (folder) => {
      const given = await fileIn(folder, 'hello')
      using file = openContentFile(given.onDisk, given)
      change(given.onDisk)
      ok(file.changedSince(given.mtimeNs, given.ctimeNs, given.size), name)
    })
  }
})

test('what is no longer the file that the walk saw is refused: replaced, a link, a fifo, gone', async () => {
  const swaps: ((path: string) => void)[] = [
    (path) => { writeFileSync(`${path}2`, 'other'); renameSync(`${path}2`, path) },
    (path) => { renameSync(path, `${path}2`); symlinkSync(`${path}2`, path) },
    (path) => { rmSync(path); sh('mkfifo', 'coreutils', path) },
    (path) => { rmSync(path); mkdirSync(path) },
    (path) => rmSync(path),
  ]
  const before = readdirSync('/proc/self/fd').length
  for (const swap of swaps) {
    await withFolder(async (folder) => {
      const given = await fileIn(folder, 'hello')
      swap(given.onDisk)
      throws(() => openContentFile(given.onDisk, given), unreadable)
      await rejects(readContent(given, never).next(), unreadable)
    })
  }
  equal(readdirSync('/proc/self/fd').length, before)
})

test('reading leaves the access time alone', async () => {
  await withFolder(async (folder) => {
    const given = await fileIn(folder, 'hello')
    openLibc()?.setTimes(given.onDisk, { atimeNs: 5n, mtimeNs: given.mtimeNs })
    using file = openContentFile(given.onDisk, given)
    file.readSync(new Uint8Array(5), 0)
    equal(lstatSync(given.onDisk, { bigint: true }).atimeNs, 5n)
  })
})

test('readContent gives the whole, says whether it changed, and ends on a cancel', async () => {
  await withFolder(async (folder) => {
    const content = Buffer.alloc(700_000, 'content')
    const given = await fileIn(folder, content)
    const drain = async (touch: () => void): Promise<[Buffer, string]> => {
      const parts: Uint8Array[] = []
      const chunks = readContent(given, never)
      for (;;) {
        const { value, done } = await chunks.next()
        if (done === true) return [Buffer.concat(parts), value]
        parts.push(value)
        touch()
      }
    }
    deepEqual(await drain(() => undefined), [content, 'same'])
    deepEqual(await drain(() => appendFileSync(given.onDisk, 'x')), [content, 'changed'])
    const controller = new AbortController()
    const chunks = readContent(given, controller.signal)
    await chunks.next()
    controller.abort()
    await rejects(chunks.next(), (error) => error instanceof AppError && error.code === 'interrupted')
  })
})
