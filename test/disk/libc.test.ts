import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { dataRanges } from '../../src/disk/data-ranges.ts'
import { missingLibc, openLibc } from '../../src/disk/libc.ts'
import type { Libc } from '../../src/disk/libc.ts'
import { systemCode } from '../../src/kit/app-error.ts'
import { makeSparse } from './sample-tree.ts'
import { sh, withFolder } from './support.ts'

function libcOf(): Libc {
  const libc = openLibc()
  if (libc === undefined) throw new Error(missingLibc())
  return libc
}

const fails = (wanted: string) => (error: unknown): boolean => systemCode(error) === wanted

test('attributes are written and read as setfattr and getfattr see them', async () => {
  await withFolder((folder) => {
    const libc = libcOf()
    const file = join(folder, 'f\udcff')
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/f`), Buffer.from([0xff])]), '')
    libc.setXattr(file, 'user.größe', Buffer.from([0, 1, 0, 255]))
    libc.setXattr(file, 'user.empty', Buffer.alloc(0))
    deepEqual(libc.listXattrs(file).filter((name) => name.startsWith('user.')).sort(), ['user.empty', 'user.größe'])
    deepEqual([...libc.getXattr(file, 'user.größe')], [0, 1, 0, 255])
    equal(libc.getXattr(file, 'user.empty').length, 0)
    writeFileSync(join(folder, 'g'), '')
    libc.setXattr(join(folder, 'g'), 'user.a', Buffer.from('by us'))
    ok(sh('getfattr', 'attr', '--absolute-names', '-d', join(folder, 'g')).includes('user.a="by us"'))
    libc.removeXattr(file, 'user.empty')
    throws(() => libc.getXattr(file, 'user.empty'), fails('ENODATA'))
  })
})

test('errors carry the code of the call that failed, also after many others and under load', async () => {
  await withFolder((folder) => {
    const libc = libcOf()
    symlinkSync('nothing', join(folder, 'l'))
    let junk: unknown[] = []
    for (let i = 0; i < 20_000; i++) {
      junk.push({ i, list: Array.from({ length: 10 }) })
      if (junk.length > 1000) junk = []
      throws(() => libc.listXattrs(`${folder}/none`), fails('ENOENT'))
      throws(() => libc.getXattr(folder, 'user.none'), fails('ENODATA'))
      throws(() => libc.seekHole(-1, 0), fails('EBADF'))
      deepEqual(libc.listXattrs(join(folder, 'l')), [])
    }
    throws(() => libc.setXattr(folder, 'user.a\0b', Buffer.alloc(1)), fails('EINVAL'))
    throws(() => libc.listXattrs(`/${'x'.repeat(5000)}`), fails('ENAMETOOLONG'))
    throws(() => libc.setXattr(folder, 'user.large', Buffer.alloc(70_000)), fails('E2BIG'))
  })
})

test('times are exact to the nanosecond, before 1970 and after 2038 too, and each can be left alone', async () => {
  await withFolder((folder) => {
    const libc = libcOf()
    const file = join(folder, 'f')
    writeFileSync(file, '')
    for (const mtimeNs of [0n, 1n, -1n, -1_000_000_000n, -1_000_000_001n, 1_700_000_000_999_999_999n, 9_000_000_000_000_000_001n]) {
      libc.setTimes(file, { atimeNs: 42n, mtimeNs })
      libc.setTimes(file, { atimeNs: undefined, mtimeNs: undefined })
      const stat = lstatSync(file, { bigint: true })
      deepEqual([stat.atimeNs, stat.mtimeNs], [42n, mtimeNs])
    }
  })
})

test('holes are found as they were made', async () => {
  await withFolder((folder) => {
    makeSparse(join(folder, 's'))
    const fd = openSync(join(folder, 's'), 'r')
    deepEqual(dataRanges(libcOf(), fd, 5 << 20), [{ offset: 1 << 20, length: 65_536 }, { offset: 3 << 20, length: 131_072 }])
    closeSync(fd)
  })
})

test('a lock is had by one at a time', async () => {
  await withFolder((folder) => {
    const libc = libcOf()
    const [one, two] = [openSync(join(folder, 'f'), 'w'), openSync(join(folder, 'f'), 'r')]
    deepEqual([libc.tryLock(one), libc.tryLock(two)], [true, false])
    closeSync(one)
    equal(libc.tryLock(two), true)
    closeSync(two)
  })
})

test('it works in worker threads, with errors of their own', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(join(import.meta.dirname, '../../src/disk/libc.ts'))}).then(({ openLibc }) => {
      const codes = new Set()
      for (let i = 0; i < 5000; i++) try { openLibc().listXattrs('/proc/none') } catch (error) { codes.add(error.code) }
      parentPort.postMessage([...codes])
    })`
  const answers = await Promise.all(Array.from({ length: 3 }, () => new Promise((resolve, reject) => {
    new Worker(code, { eval: true }).once('message', resolve).once('error', reject)
  })))
  deepEqual(answers, [['ENOENT'], ['ENOENT'], ['ENOENT']])
})

test('without node:ffi trees are still saved and restored, and what is lost is told', async () => {
  await withFolder((folder) => {
    mkdirSync(join(folder, 'a/d'), { recursive: true })
    makeSparse(join(folder, 'a/s'))
    writeFileSync(join(folder, 'a/d/f'), 'x')
    libcOf().setTimes(join(folder, 'a/d/f'), { atimeNs: undefined, mtimeNs: 1_700_000_000_123_456_789n })
    libcOf().setTimes(join(folder, 'a/d'), { atimeNs: undefined, mtimeNs: 1_700_000_000_123_456_000n })
    sh('mkfifo', 'coreutils', join(folder, 'a/p'))
    const script = `
      import { readContent } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/read-content.ts'))}
      import { openTreeWriter } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/tree-writer.ts'))}
      import { walk } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/walk.ts'))}
      const signal = new AbortController().signal
      const problems = []
      await using writer = await openTreeWriter('b', { trusted: true, ownership: 'numeric', signal })
      for await (const e of walk('a', { select: () => 'take', oneFileSystem: true, cacheDirTag: true, signal, onProblem: (p) => problems.push(p) })) {
        await writer.write({ ...e, ...(e.path === 'd' ? { xattrs: new Map([['user.a', new Uint8Array(1)]]) } : {}) }, e.kind === 'file' ? readContent(e, signal) : undefined)
      }
      problems.push(...await writer.finish(signal))
      console.log(JSON.stringify(problems.map((p) => p.code + ' ' + p.path)))`
    const result = spawnSync(process.execPath, ['--no-experimental-ffi', '--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' })
    equal(result.stderr, '')
    deepEqual((JSON.parse(result.stdout) as string[]).sort(), ['metadata .', 'metadata .', 'missing p', 'times .', 'times d/f', 'times s', 'xattr d'])
    deepEqual(readdirSync(join(folder, 'b')), ['d', 's'])
    ok(readFileSync(join(folder, 'b/s')).equals(readFileSync(join(folder, 'a/s'))))
    ok(lstatSync(join(folder, 'b/d/f'), { bigint: true }).mtimeNs - 1_700_000_000_123_456_789n < 1000n)
  })
})
