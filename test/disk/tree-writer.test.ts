import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLibc } from '../../src/disk/libc.ts'
import { AppError } from '../../src/kit/app-error.ts'
import type { Entry } from '../../src/model/entry.ts'
import { makeSampleTree } from './sample-tree.ts'
import { chunksOf, comparable, contentOf, entry, never, openWriter, sh, show, walkAll, withFolder, withTmpfs } from './support.ts'

const code = (wanted: string) => (error: unknown): boolean => error instanceof AppError && error.code === wanted
const openFiles = (): number => readdirSync('/proc/self/fd').length

async function copy(from: string, to: string, small: boolean): Promise<readonly Entry[]> {
  const { entries } = await walkAll(from)
  await using writer = await openWriter(to)
  for (const given of entries) {
    const hasContent = given.kind === 'file' && given.hardlinkTo === undefined
    if (hasContent && small) writer.writeSmall(given, Buffer.concat(await Array.fromAsync(contentOf(given))))
    else await writer.write(given, hasContent ? contentOf(given) : undefined)
  }
  deepEqual(await writer.finish(never), [])
  return entries
}

for (const small of [false, true]) {
  test(`a tree with everything comes back exactly, ${small ? 'small files at once' : 'content in chunks'}`, async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, 'a'))
      makeSampleTree(join(folder, 'a'))
      const before = openFiles()
      const entries = await copy(join(folder, 'a'), join(folder, 'new/b'), small)
      equal(openFiles(), before)
      const { entries: copied } = await walkAll(join(folder, 'new/b'))
      deepEqual(comparable(copied), comparable(entries))
      equal(lstatSync(join(folder, 'new/b/docs/same.txt')).ino, lstatSync(join(folder, 'new/b/again.txt')).ino)
      ok(statSync(join(folder, 'new/b/sparse.img')).blocks * 512 < 600_000)
      equal(sh('getfacl', 'acl', '-cpn', join(folder, 'new/b/docs/Käse 🧀')), sh('getfacl', 'acl', '-cpn', join(folder, 'a/docs/Käse 🧀')))
      // An independent reading of times, owners, modes and links.
      const facts = (root: string): string => sh('find', 'findutils', root, '-printf', '%P %m %T@ %U %G %n %s %l %y\\n').split('\n').sort().join('\n')
      equal(facts(join(folder, 'new/b')), facts(join(folder, 'a')))
    })
  })
}

test('writing over an existing tree replaces files and links and keeps what is not written', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'kept'))
    writeFileSync(join(folder, 'kept/mine'), 'mine')
    writeFileSync(join(folder, 'outside'), 'untouched')
    symlinkSync('outside', join(folder, 'file'))
    symlinkSync('kept', join(folder, 'dir'))
    mkdirSync(join(folder, 'empty'))
    await using writer = await openWriter(folder)
    await writer.write(entry('kept', { kind: 'dir', mode: 0o750 }))
    await writer.write(entry('file', { size: 3 }), chunksOf(Buffer.from('new')))
    await writer.write(entry('dir', { kind: 'dir', mode: 0o755 }))
    await writer.write(entry('dir/x', { size: 1 }), chunksOf(Buffer.from('x')))
    await writer.write(entry('empty', { size: 1 }), chunksOf(Buffer.from('e')))
    await rejects(writer.write(entry('kept', { size: 0 })), code('restore.failed'))
    deepEqual(await writer.finish(never), [])
    deepEqual(['kept/mine', 'outside', 'file', 'dir/x', 'empty', 'kept/x'].map((path) => show(join(folder, path))), ['mine', 'untouched', 'new', 'x', 'e', 'nothing'])
  })
})

test('an entry that comes twice: the later one counts', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder)
    writer.writeSmall(entry('f'), Buffer.from('first, longer'))
    writer.writeSmall(entry('f', { mode: 0o600 }), Buffer.from('second'))
    await writer.write(entry('d', { kind: 'dir', mode: 0o700 }))
    await writer.write(entry('d', { kind: 'dir', mode: 0o711, mtimeNs: 5n }))
    await writer.write(entry('t', { kind: 'dir' }))
    writer.writeSmall(entry('t'), Buffer.from('now a file'))
    await writer.write(entry('t', { kind: 'dir', mode: 0o751 }))
    await writer.write(entry('f', { kind: 'symlink', linkTarget: 't' }))
    await writer.write(entry('u', { kind: 'dir' }))
    writer.writeSmall(entry('u'), Buffer.from('a file in the end'))
    await writer.finish(never)
    equal(show(join(folder, 'u')), 'a file in the end')
    deepEqual([show(join(folder, 'f')), lstatSync(join(folder, 'd')).mode & 0o777, lstatSync(join(folder, 't')).mode & 0o777], ['link t', 0o711, 0o751])
    equal(lstatSync(join(folder, 'd'), { bigint: true }).mtimeNs, 5n)
  })
})

test('parents that were not given are made for the owner alone', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(join(folder, 'root'))
    writer.writeSmall(entry('a/b/f'), Buffer.from('x'))
    await writer.finish(never)
    deepEqual(['root', 'root/a', 'root/a/b'].map((path) => lstatSync(join(folder, path)).mode & 0o777), [0o700, 0o700, 0o700])
  })
})

test('content that is longer or shorter than its entry says is refused, and nothing of it stays', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder)
    await rejects(writer.write(entry('long', { size: 250_000 }), chunksOf(Buffer.alloc(250_001))), code('archive.too-large'))
    await rejects(writer.write(entry('short', { size: 11 }), chunksOf(Buffer.alloc(10))), code('archive.damaged'))
    await rejects(writer.write(entry('none', { size: 11 })), code('archive.damaged'))
    throws(() => writer.writeSmall(entry('long', { size: 1 }), Buffer.alloc(2)), code('archive.too-large'))
    throws(() => writer.writeSmall(entry('short', { size: 3 }), Buffer.alloc(2)), code('archive.damaged'))
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10)
      throw new AppError('archive.damaged', 'bad hash')
    }
    await rejects(writer.write(entry('broken'), broken()), /bad hash/)
    deepEqual(readdirSync(folder), [])
  })
})

test('zeros that were said to be a hole stay one, anything else there is written', async () => {
  await withFolder(async (folder) => {
    const content = Buffer.alloc(4 << 20)
    content.fill('d', 1 << 20, (1 << 20) + 65_536)
    content[3 << 20] = 7
    await using writer = await openWriter(folder)
    await writer.write(entry('f', { size: content.length, data: [{ offset: 1 << 20, length: 65_536 }] }), chunksOf(content, 77_777))
    writer.writeSmall(entry('g', { size: content.length, data: [{ offset: 9 << 20, length: 5 }, { offset: 0, length: 1 }] }), content)
    ok(readFileSync(join(folder, 'f')).equals(content))
    ok(readFileSync(join(folder, 'g')).equals(content))
    ok(statSync(join(folder, 'f')).blocks * 512 <= 200_000)
  })
})

test('many writes at once do not disturb each other', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder)
    const contents = Array.from({ length: 40 }, (_, i) => Buffer.alloc(300_000, String(i)))
    await Promise.all(contents.map((content, i) => writer.write(entry(`d${i}/e/f`, { size: content.length }), chunksOf(content, 150_000))))
    deepEqual(await writer.finish(never), [])
    for (const [i, content] of contents.entries()) ok(readFileSync(join(folder, `d${i}/e/f`)).equals(content))
  })
})

test('a very deep tree is written with few open files', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder)
    const before = openFiles()
    const parts: string[] = []
    for (let i = 0; i < 600; i++) {
      parts.push('d')
      await writer.write(entry(parts.join('/'), { kind: 'dir', mode: 0o755, mtimeNs: BigInt(i) }))
    }
    writer.writeSmall(entry(`${parts.join('/')}/f`), Buffer.from('deep'))
    await writer.write(entry('top/f', { kind: 'dir' }))
    await writer.write(entry('top/h', { hardlinkTo: `${parts.join('/')}/f` }))
    ok(openFiles() - before <= 130)
    deepEqual(await writer.finish(never), [])
    equal(show(join(folder, 'top/h')), 'deep')
    equal(lstatSync(join(folder, parts.slice(0, 300).join('/')), { bigint: true }).mtimeNs, 299n)
  })
})

test('an untrusted archive brings no setuid bits, no devices and no capabilities, and says so', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder, { trusted: false })
    writer.writeSmall(entry('su', { mode: 0o6755, uid: 0, gid: 0, xattrs: new Map([['security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex')], ['user.ok', Buffer.from('1')]]) }), Buffer.from(''))
    await writer.write(entry('dev', { kind: 'char', rdev: { major: 1, minor: 3 } }))
    await writer.write(entry('sock', { kind: 'socket' }))
    await writer.write(entry('d', { kind: 'dir', mode: 0o2775 }))
    const problems = await writer.finish(never)
    deepEqual(problems.map(({ path, code: kind }) => `${path} ${kind}`).sort(), ['dev missing', 'sock missing', 'su setuid', 'su xattr'])
    deepEqual([lstatSync(join(folder, 'su')).mode & 0o7777, lstatSync(join(folder, 'd')).mode & 0o7777, show(join(folder, 'dev'))], [0o755, 0o2775, 'nothing'])
    deepEqual(openLibc()?.listXattrs(join(folder, 'su')), ['user.ok'])
  })
})

test('owners: by number, by name with the number where there is none, one for all, or none', async () => {
  await withFolder(async (folder) => {
    const cases = { numeric: [4000, 4001], names: [33, 4001], one: [7, 8], none: [0, 0] } as const
    for (const [name, expected] of Object.entries(cases)) {
      await using writer = await openWriter(join(folder, name), { ownership: name === 'one' ? { uid: 7, gid: 8 } : name as 'numeric' })
      const owned = { uid: 4000, gid: 4001, user: 'www-data', group: 'no-such-group', mode: 0o4755 }
      writer.writeSmall(entry('f', owned), Buffer.from(''))
      await writer.write(entry('l', { ...owned, kind: 'symlink', linkTarget: 'x' }))
      await writer.write(entry('d', { ...owned, kind: 'dir' }))
      await writer.finish(never)
      for (const path of ['f', 'l', 'd']) {
        const { uid, gid } = lstatSync(join(folder, name, path))
        deepEqual([uid, gid], expected, `${name} ${path}`)
      }
      // A setuid bit never goes to another owner than its own.
      equal(lstatSync(join(folder, name, 'f')).mode & 0o4000, name === 'numeric' || name === 'names' ? 0o4000 : 0)
    }
  })
})

test('an ACL that a folder hands down does not stick to what is restored into it', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'existing'))
    sh('setfacl', 'acl', '-d', '-m', 'u:33:rwx', folder, join(folder, 'existing'))
    for (const root of ['existing', 'new']) {
      await using writer = await openWriter(join(folder, root))
      writer.writeSmall(entry('f', { mode: 0o640 }), Buffer.from(''))
      await writer.write(entry('d', { kind: 'dir', mode: 0o750 }))
      writer.writeSmall(entry('d/f', { mode: 0o640 }), Buffer.from(''))
      await writer.finish(never)
      for (const path of ['f', 'd', 'd/f']) ok(!sh('getfacl', 'acl', '-cpn', join(folder, root, path)).includes('user:33'), `${root}/${path}`)
    }
  })
})

test('a user without rights restores what it may, and is told what not', async () => {
  await withFolder(async (folder) => {
    chmodSync(folder, 0o777)
    const script = `
      import { openTreeWriter } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/tree-writer.ts'))}
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      const signal = new AbortController().signal
      await using writer = await openTreeWriter(process.argv[1] + '/mine', { trusted: true, ownership: 'numeric', signal })
      const base = { mode: 0o4755, mtimeNs: 5n, uid: 0, gid: 0 }
      await writer.write({ ...base, path: '.', kind: 'dir', mode: 0o555 })
      await writer.write({ ...base, path: 'locked', kind: 'dir', mode: 0 })
      writer.writeSmall({ ...base, path: 'locked/f', kind: 'file', mode: 0o400, xattrs: new Map([['user.a', Buffer.from('1')]]) }, Buffer.from('x'))
      writer.writeSmall({ ...base, path: 'su', kind: 'file' }, Buffer.from('x'))
      await writer.write({ ...base, path: 'dev', kind: 'block', rdev: { major: 8, minor: 0 } })
      const problems = await writer.finish(signal)
      let denied
      await openTreeWriter('/root/nobody-may', { trusted: true, ownership: 'none', signal }).catch((error) => { denied = error.code })
      console.log(JSON.stringify({ problems: problems.map((p) => p.path + ' ' + p.code).sort(), denied }))`
    const result = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, folder], { encoding: 'utf8' })
    equal(result.stderr, '')
    deepEqual(JSON.parse(result.stdout), { problems: ['. owner', 'dev missing', 'locked owner', 'locked/f owner', 'su owner', 'su setuid'], denied: 'storage.denied' })
    equal(lstatSync(join(folder, 'mine/locked')).mode & 0o7777, 0)
    equal(lstatSync(join(folder, 'mine/su')).mode & 0o7777, 0o755)
    deepEqual(openLibc()?.listXattrs(join(folder, 'mine/locked/f')), ['user.a'])
  })
})

test('a full disk and one without inodes end with a clear error, and leave no cut file', async () => {
  for (const options of ['size=2m', 'size=20m,nr_inodes=20']) {
    await withFolder(async (folder) => {
      await withTmpfs(folder, options, async () => {
        await using writer = await openWriter(folder)
        const fill = async (): Promise<void> => {
          for (let i = 0; i < 60; i++) await writer.write(entry(`f${i}`, { size: 300_000 }), chunksOf(Buffer.alloc(300_000, 'x')))
        }
        await rejects(fill, (error) => code('storage.full')(error) && error instanceof AppError && error.hint !== undefined)
        for (const name of readdirSync(folder)) equal(statSync(join(folder, name)).size, 300_000)
        await writer[Symbol.asyncDispose]()
      })
    })
  }
})

test('a cancel ends the writing and leaves no cut file', async () => {
  await withFolder(async (folder) => {
    const controller = new AbortController()
    await using writer = await openWriter(folder, { signal: controller.signal })
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) {
        if (i === 3) controller.abort()
        yield Buffer.alloc(200_000)
      }
    }
    await rejects(writer.write(entry('f'), endless()), code('interrupted'))
    deepEqual(readdirSync(folder), [])
  })
})

test('attributes that the file system does not take are told', async () => {
  await withFolder(async (folder) => {
    sh('mount', 'mount', '-t', 'ramfs', 'ramfs', folder)
    try {
      await using writer = await openWriter(folder)
      writer.writeSmall(entry('f', { xattrs: new Map([['user.a', Buffer.from('1')]]) }), Buffer.from('x'))
      deepEqual((await writer.finish(never)).map(({ path, code: kind }) => `${path} ${kind}`), ['f xattr'])
      await writer[Symbol.asyncDispose]()
    } finally {
      sh('umount', 'mount', folder)
    }
  })
})

test('a hardlink that the file systems do not take becomes a copy, and is told', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'mnt'))
    await withTmpfs(join(folder, 'mnt'), 'size=10m', async () => {
      await using writer = await openWriter(folder)
      const content = Buffer.alloc(2_500_000, 'hard')
      writer.writeSmall(entry('f', { mode: 0o640 }), content)
      await writer.write(entry('mnt/h', { hardlinkTo: 'f', mode: 0o640, size: content.length }))
      deepEqual((await writer.finish(never)).map(({ path, code: kind }) => `${path} ${kind}`), ['mnt/h hardlink'])
      ok(readFileSync(join(folder, 'mnt/h')).equals(content))
      deepEqual([lstatSync(join(folder, 'mnt/h')).mode & 0o777, lstatSync(join(folder, 'mnt/h'), { bigint: true }).mtimeNs], [0o640, entry('f').mtimeNs])
      await writer[Symbol.asyncDispose]()
    })
  })
})

test('the list of what could not be kept is bounded and gives the number of the rest', async () => {
  await withFolder(async (folder) => {
    await using writer = await openWriter(folder)
    for (let i = 0; i < 250; i++) await writer.write(entry(`s${i}`, { kind: 'socket' }))
    const problems = await writer.finish(never)
    equal(problems.length, 101)
    deepEqual(problems.at(-1), { path: '.', code: 'missing', message: '150 more of this kind' })
  })
})

test('folders beyond what fits in memory keep their metadata, too', async () => {
  await withFolder(async (folder) => {
    await withTmpfs(folder, 'size=100m', async () => {
      await using writer = await openWriter(folder)
      const big = new Map([['user.a', Buffer.alloc(20_000, 'v')]])
      for (let i = 0; i < 100; i++) await writer.write(entry(`d${i}`, { kind: 'dir', mode: 0o755, mtimeNs: BigInt(i) + 7n, xattrs: big }))
      const problems = await writer.finish(never)
      for (let i = 0; i < 100; i++) equal(lstatSync(join(folder, `d${i}`), { bigint: true }).mtimeNs, BigInt(i) + 7n)
      ok(problems.every(({ code: kind }) => kind === 'xattr'))
      await writer[Symbol.asyncDispose]()
    })
  })
})
