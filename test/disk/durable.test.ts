import { deepEqual, equal, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { syncFolder, writeDurably } from '../../src/disk/durable.ts'
import { copyFolderMetadata } from '../../src/disk/folder-metadata.ts'
import { AppError } from '../../src/kit/app-error.ts'
import { sh, walkAll, withFolder, withTmpfs } from './support.ts'

test('a file is written whole, with its mode whatever the umask, and replaces what was there', async () => {
  await withFolder((folder) => {
    const path = join(folder, 'state.json')
    const umask = process.umask(0o077)
    try {
      writeDurably(path, 'one', { mode: 0o664 })
      writeDurably(path, Buffer.from('two'), { mode: 0o660 })
    } finally {
      process.umask(umask)
    }
    equal(readFileSync(path, 'utf8'), 'two')
    equal(lstatSync(path).mode & 0o777, 0o660)
    deepEqual(readdirSync(folder), ['state.json'])
    syncFolder(folder)
  })
})

test('content is synced before the name, and the folder after it', async () => {
  await withFolder((folder) => {
    const script = `import { writeDurably } from ${JSON.stringify(join(import.meta.dirname, '../../src/disk/durable.ts'))}; writeDurably(process.argv[1] + '/f', 'x', { mode: 0o600 })`
    const trace = join(folder, 'trace')
    const result = spawnSync('strace', ['-f', '-o', trace, '-e', 'trace=rename,fsync', process.execPath, '--input-type=module', '-e', script, folder], { encoding: 'utf8', env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } })
    equal(result.status, 0, result.error === undefined ? result.stderr : 'strace is missing: apt-get install strace')
    const calls = readFileSync(trace, 'utf8').match(/\b(rename|fsync)\(/g)
    deepEqual(calls, ['fsync(', 'rename(', 'fsync('])
  })
})

test('on a full disk the old content stays, and nothing else', async () => {
  await withFolder(async (folder) => {
    await withTmpfs(folder, 'size=64k', () => {
      const path = join(folder, 'f')
      writeDurably(path, 'old', { mode: 0o600 })
      throws(() => writeDurably(path, Buffer.alloc(200_000), { mode: 0o600 }), (error) => error instanceof AppError && error.code === 'storage.full')
      equal(readFileSync(path, 'utf8'), 'old')
      deepEqual(readdirSync(folder), ['f'])
    })
  })
})

test('a missing folder is told', async () => {
  await withFolder((folder) => {
    throws(() => writeDurably(join(folder, 'none/f'), 'x', { mode: 0o600 }), AppError)
    throws(() => syncFolder(join(folder, 'none')), AppError)
  })
})

test('a folder gets all metadata of another, and loses attributes that the other has not', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'a'))
    mkdirSync(join(folder, 'b'))
    sh('setfacl', 'acl', '-m', 'u:33:rx', join(folder, 'a'))
    sh('setfattr', 'attr', '-n', 'user.a', '-v', '1', join(folder, 'a'))
    sh('setfattr', 'attr', '-n', 'user.b', '-v', '1', join(folder, 'b'))
    sh('setfacl', 'acl', '-d', '-m', 'u:34:rx', join(folder, 'b'))
    sh('chown', 'coreutils', '12:34', join(folder, 'a'))
    sh('touch', 'coreutils', '-d', '2001-02-03T04:05:06.123456789Z', join(folder, 'a'))
    copyFolderMetadata(join(folder, 'a'), join(folder, 'b'))
    const [, a, b] = (await walkAll(folder)).entries
    for (const key of ['mode', 'uid', 'gid', 'mtimeNs', 'xattrs'] as const) deepEqual(b?.[key], a?.[key])
    writeFileSync(join(folder, 'f'), '')
    symlinkSync('a', join(folder, 'l'))
    for (const path of ['f', 'l', 'none']) throws(() => copyFolderMetadata(join(folder, 'a'), join(folder, path)))
  })
})
