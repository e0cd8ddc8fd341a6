import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { compareNames } from '../../src/disk/compare-names.ts'
import { compileSelection } from '../../src/disk/selection.ts'
import { walk } from '../../src/disk/walk.ts'
import { AppError } from '../../src/kit/app-error.ts'
import { makeSampleTree, oddName } from './sample-tree.ts'
import { never, walkAll, withFolder, withTmpfs } from './support.ts'

const openFiles = (): number => readdirSync('/proc/self/fd').length

test('a tree with everything is told exactly', async () => {
  await withFolder(async (root) => {
    makeSampleTree(root)
    const { entries, problems } = await walkAll(root)
    deepEqual(problems, [])
    const at = new Map(entries.map((entry) => [entry.path, entry]))
    equal(entries[0]?.path, '.')
    equal(at.get(`docs/${oddName}`)?.kind, 'file')
    equal(at.get('docs/letter.txt')?.mtimeNs, 1_234_567_890_987_654_321n)
    equal(at.get('docs/empty')?.mtimeNs, -1_000_000_001n)
    equal(at.get('docs/empty')?.mode, 0o6755)
    equal(at.get('again.txt')?.hardlinkTo, undefined)
    equal(at.get('docs/letter.txt')?.hardlinkTo, 'again.txt')
    equal(at.get('docs/same.txt')?.hardlinkTo, 'again.txt')
    equal(at.get('dangling')?.linkTarget, '/nowhere/at/all')
    equal(at.get('dangling')?.uid, 1234)
    equal(at.get('docs')?.user, 'www-data')
    deepEqual(at.get('disk')?.rdev, { major: 259, minor: 70_000 })
    equal(at.get('disk')?.kind, 'block')
    deepEqual(at.get('null')?.rdev, { major: 1, minor: 3 })
    equal(at.get('pipe')?.kind, 'fifo')
    const tags = at.get('again.txt')?.xattrs
    equal(Buffer.from(tags?.get('user.note') ?? []).toString(), 'kept')
    equal(tags?.get('user.none')?.length, 0)
    ok(at.get('docs/Käse 🧀')?.xattrs?.has('system.posix_acl_access'))
    ok(at.get('docs/deep')?.xattrs?.has('system.posix_acl_default'))
    ok(at.get('docs/deep/er/x y\n"z"')?.xattrs?.has('security.capability'))
    deepEqual(at.get('sparse.img')?.data, [{ offset: 1 << 20, length: 65_536 }, { offset: 3 << 20, length: 131_072 }])
    deepEqual(at.get('hole.img')?.data, [])
    equal(at.get('docs/large.bin')?.data, undefined)
  })
})

test('parents come first, and the names of a folder in the order of their bytes', async () => {
  await withFolder(async (root) => {
    for (const name of ['b', 'a', 'a.b', 'ä', 'Z', '\u{10000}', '\uffff', '\ufffd']) mkdirSync(join(root, name, 'x'), { recursive: true })
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xfe])]), '')
    const { entries } = await walkAll(root)
    const top = entries.map((entry) => entry.path).filter((path) => path !== '.' && !path.includes('/'))
    deepEqual(top, ['Z', 'a', 'a.b', 'b', 'ä', '\ufffd', '\uffff', '\u{10000}', '\udcfe'])
    deepEqual(top, top.toSorted(compareNames))
    for (const [i, { path }] of entries.entries()) if (path.includes('/')) ok(entries.slice(0, i).some((earlier) => path.startsWith(`${earlier.path}/`)))
  })
})

test('a symlink as root is resolved, links below are never followed', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'real'))
    mkdirSync(join(folder, 'outside'))
    writeFileSync(join(folder, 'outside/secret'), 'x')
    symlinkSync(join(folder, 'outside'), join(folder, 'real/away'))
    symlinkSync(join(folder, 'real'), join(folder, 'root'))
    const { entries } = await walkAll(join(folder, 'root'))
    deepEqual(entries.map(({ path, kind }) => [path, kind]), [['.', 'dir'], ['away', 'symlink']])
  })
})

test('a folder that is swapped for a link meanwhile never leads outside', async () => {
  await withFolder(async (folder) => {
    for (let i = 0; i < 20; i++) writeFileSync(join(mkdirOf(folder, 'root/d'), `f${i}`), 'x')
    writeFileSync(join(mkdirOf(folder, 'outside'), 'secret'), 'x')
    symlinkSync('../outside', join(folder, 'root/link'))
    const swapper = spawn(process.execPath, ['-e', `const fs = require('fs'); process.chdir(process.argv[1]); for (;;) try { fs.renameSync('d', 'e'); fs.renameSync('link', 'd'); fs.renameSync('d', 'link'); fs.renameSync('e', 'd') } catch {}`, join(folder, 'root')])
    try {
      // The middle of a swap is what matters: the folder was seen, and a link is opened.
      let swaps = 0
      for (const end = performance.now() + 10_000; swaps < 5 && performance.now() < end;) {
        const { entries, problems } = await walkAll(join(folder, 'root'))
        ok(entries.every(({ path }) => !path.endsWith('secret')))
        if (problems.some(({ path, code }) => path === 'd' && code === 'unreadable')) swaps += 1
      }
      ok(swaps > 0, 'no walk met a swap')
    } finally {
      swapper.kill('SIGKILL')
    }
  })
})

test('what vanishes or may not be read is told, and the rest is read', async () => {
  await withFolder(async (root) => {
    chmodSync(root, 0o755)
    writeFileSync(join(root, 'a'), '')
    mkdirSync(join(root, 'locked'), { mode: 0o700 })
    writeFileSync(join(root, 'z'), '')
    const script = `
      import { walk } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/walk.ts'))}
      const problems = [], paths = []
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      for await (const e of walk(process.argv[1], { select: () => 'take', oneFileSystem: true, cacheDirTag: true, signal: new AbortController().signal, onProblem: (p) => problems.push(p) })) paths.push(e.path)
      console.log(JSON.stringify({ problems, paths }))`
    const result = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, root], { encoding: 'utf8' })
    equal(result.stderr, '')
    deepEqual(JSON.parse(result.stdout), { problems: [{ path: 'locked', code: 'unreadable', message: 'It may not be read by this user' }], paths: ['.', 'a', 'locked', 'z'] })

    const seen: string[] = []
    const problems: string[] = []
    for await (const entry of walk(root, { select: compileSelection({ include: [], exclude: ['y'] }), oneFileSystem: true, cacheDirTag: true, signal: never, onProblem: ({ path, code }) => problems.push(`${code} ${path}`) })) {
      seen.push(entry.path)
      if (entry.path === '.') writeFileSync(join(root, 'y'), '')
      if (entry.path === 'a') rmSync(join(root, 'z'))
    }
    deepEqual(seen, ['.', 'a', 'locked'])
    deepEqual(problems, ['vanished z'])
  })
})

test('a vanished file that is excluded anyway is no problem', async () => {
  await withFolder(async (root) => {
    for (const name of ['a', 'b.tmp', 'c']) writeFileSync(join(root, name), '')
    const problems: unknown[] = []
    for await (const entry of walk(root, { select: compileSelection({ include: [], exclude: ['*.tmp'] }), oneFileSystem: true, cacheDirTag: true, signal: never, onProblem: (problem) => problems.push(problem) })) {
      if (entry.path === 'a') rmSync(join(root, 'b.tmp'))
    }
    deepEqual(problems, [])
  })
})

test('of a mounted file system only the folder is told, unless asked for', async () => {
  await withFolder(async (root) => {
    mkdirSync(join(root, 'mnt'))
    await withTmpfs(join(root, 'mnt'), 'size=1m', async () => {
      writeFileSync(join(root, 'mnt/inside'), '')
      const one = await walkAll(root)
      deepEqual(one.entries.map(({ path }) => path), ['.', 'mnt'])
      deepEqual(one.skipped, [['mnt', 'other-file-system']])
      deepEqual((await walkAll(root, { oneFileSystem: false })).entries.map(({ path }) => path), ['.', 'mnt', 'mnt/inside'])
    })
  })
})

test('a cache folder is kept with its tag alone; a false tag, and the root, hide nothing', async () => {
  await withFolder(async (root) => {
    const tag = 'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n'
    for (const folder of ['cache', 'false', 'linked']) writeFileSync(join(mkdirOf(root, folder), 'data'), '')
    writeFileSync(join(root, 'CACHEDIR.TAG'), tag)
    writeFileSync(join(root, 'cache/CACHEDIR.TAG'), tag)
    writeFileSync(join(root, 'false/CACHEDIR.TAG'), 'Signature: something else, which is long enough')
    symlinkSync('../cache/CACHEDIR.TAG', join(root, 'linked/CACHEDIR.TAG'))
    const { entries, skipped } = await walkAll(root)
    deepEqual(entries.map(({ path }) => path), ['.', 'CACHEDIR.TAG', 'cache', 'cache/CACHEDIR.TAG', 'false', 'false/CACHEDIR.TAG', 'false/data', 'linked', 'linked/CACHEDIR.TAG', 'linked/data'])
    deepEqual(skipped, [['cache', 'cache']])
    ok((await walkAll(root, { cacheDirTag: false })).entries.some(({ path }) => path === 'cache/data'))
  })
})

test('of folders that are not chosen only those on the way to something chosen are told', async () => {
  await withFolder(async (root) => {
    for (const folder of ['a/b/c', 'a/x', 'k/l']) mkdirSync(join(root, folder), { recursive: true })
    writeFileSync(join(root, 'a/b/c/wanted.conf'), '')
    writeFileSync(join(root, 'a/x/other'), '')
    const { entries } = await walkAll(root, { select: compileSelection({ include: ['*.conf'], exclude: [] }) })
    deepEqual(entries.map(({ path }) => path), ['.', 'a', 'a/b', 'a/b/c', 'a/b/c/wanted.conf'])
  })
})

test('a hardlink whose other name lies outside is a plain entry', async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(mkdirOf(folder, 'root'), 'inside'), 'x')
    linkSync(join(folder, 'root/inside'), join(folder, 'outside'))
    const inside = (await walkAll(join(folder, 'root'))).entries[1]
    equal(inside?.hardlinkTo, undefined)
    equal(inside?.links, 2)
  })
})

test('a socket is told as what it is', async () => {
  await withFolder(async (root) => {
    const server = createServer().listen(join(root, 's'))
    await new Promise((resolve) => { server.once('listening', resolve) })
    equal((await walkAll(root)).entries[1]?.kind, 'socket')
    server.close()
  })
})

test('a tree deeper than the longest path is told as a problem, and the rest is read', async () => {
  await withFolder(async (root) => {
    // Grown from its root upwards: no path is ever too long for the calls that make it.
    const name = 'd'.repeat(200)
    mkdirSync(join(root, 'tree'))
    for (let i = 0; i < 30; i++) {
      mkdirSync(join(root, 'next'))
      renameSync(join(root, 'tree'), join(root, 'next', name))
      renameSync(join(root, 'next'), join(root, 'tree'))
    }
    writeFileSync(join(root, 'zz'), '')
    const { entries, problems } = await walkAll(root)
    equal(entries.at(-1)?.path, 'zz')
    equal(problems.length, 1)
    equal(problems[0]?.code, 'unreadable')
  })
})

test('a cancelled walk ends at once, and a left one too, without open files', async () => {
  await withFolder(async (root) => {
    for (let i = 0; i < 50; i++) for (let k = 0; k < 20; k++) writeFileSync(join(mkdirOf(root, `d${i}`), `f${k}`), '')
    await walkAll(root)
    const before = openFiles()
    const controller = new AbortController()
    let count = 0
    const iterate = async (): Promise<void> => {
      for await (const _ of walk(root, { select: () => 'take', oneFileSystem: true, cacheDirTag: true, signal: controller.signal, onProblem: () => undefined })) if (++count === 100) controller.abort()
    }
    await rejects(iterate, (error) => error instanceof AppError && error.code === 'interrupted')
    equal(count, 100)
    for await (const entry of walk(root, { select: () => 'take', oneFileSystem: true, cacheDirTag: true, signal: never, onProblem: () => undefined })) if (entry.path === 'd3/f3') break
    equal(openFiles(), before)
  })
})

test('the event loop runs while a folder is walked', async () => {
  await withFolder(async (root) => {
    for (let i = 0; i < 1500; i++) writeFileSync(join(root, `f${i}`), '')
    let turns = 0
    const timer = setInterval(() => { turns += 1 }, 0)
    await walkAll(root, { select: () => 'skip' })
    clearInterval(timer)
    ok(turns > 2)
  })
})

test('a missing root and a root that is no folder are refused', async () => {
  await withFolder(async (root) => {
    writeFileSync(join(root, 'file'), '')
    for (const path of ['nothing', 'file']) await rejects(walkAll(join(root, path)), (error) => error instanceof AppError && error.code === 'source.missing')
  })
})

test('a root whose name is no UTF-8 is walked', async () => {
  await withFolder(async (folder) => {
    const bytes = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])])
    mkdirSync(bytes)
    writeFileSync(Buffer.concat([bytes, Buffer.from('/f')]), 'x')
    deepEqual((await walkAll(`${folder}/\udcff`)).entries.map(({ onDisk }) => onDisk), [undefined, `${folder}/\udcff/f`])
  })
})

function mkdirOf(root: string, name: string): string {
  mkdirSync(join(root, name), { recursive: true })
  return join(root, name)
}
