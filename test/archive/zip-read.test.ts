import { deepEqual, equal, rejects } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { facts, fileEntry, local, python, readArchive, remote, run, treeFacts, withFolder, writeArchive } from './zip-support.ts'

const text = 'The quick brown fox jumps over the lazy dog.\n'

function makeTree(root: string): void {
  mkdirSync(join(root, 'folder/ünter'), { recursive: true })
  writeFileSync(join(root, 'folder/ünter/leer'), '')
  writeFileSync(join(root, 'folder/ünter/text'), text.repeat(100), { mode: 0o600 })
  writeFileSync(join(root, 'large.txt'), text.repeat(100_000))
  writeFileSync(join(root, 'random'), randomBytes(3_000_000))
  symlinkSync('folder/ünter/text', join(root, 'link'))
  utimesSync(join(root, 'large.txt'), 1_600_000_000, 1_600_000_000)
}

async function withTree(use: (folder: string, source: string, archive: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const source = join(folder, 'source')
    makeTree(source)
    await use(folder, source, join(folder, 'a.zip'))
  })
}

const pythonWrite = `
import zipfile, os, sys
class Pipe:
    def __init__(self, f): self.f = f
    def write(self, b): return self.f.write(b)
    def flush(self): self.f.flush()
with open(sys.argv[1], 'wb') as f, zipfile.ZipFile(Pipe(f), 'w', zipfile.ZIP_DEFLATED) as z:
    for name, content in (('a.txt', b'hello ' * 1000), ('empty', b''), ('ü', b'x' * 2000000)):
        z.writestr(name, content)
`

test('an archive of Info-ZIP is read as it was packed', () => withTree(async (_folder, source, archive) => {
  run('zip', 'zip', ['-qry', archive, '.'], source)
  deepEqual(facts(await readArchive(local(archive))), await treeFacts(source))
}))

test('an archive of 7z is read as it was packed', () => withTree(async (_folder, source, archive) => {
  run('7z', 'p7zip-full', ['a', '-tzip', '-snl', archive, '.'], source)
  deepEqual(facts(await readArchive(local(archive))), await treeFacts(source))
}))

for (const bits of [128, 192, 256]) {
  test(`an archive that 7z encrypted with AES-${bits} is read with its password`, () => withTree(async (_folder, source, archive) => {
    run('7z', 'p7zip-full', ['a', '-tzip', '-snl', `-mem=AES${bits}`, '-pgeheim', archive, '.'], source)
    deepEqual(facts(await readArchive(local(archive), 'geheim')), await treeFacts(source))
    await rejects(readArchive(local(archive), 'falsch'), { code: 'archive.password' })
    await rejects(readArchive(local(archive)), { code: 'archive.password' })
  }))
}

test('an archive that Python wrote to a pipe, with data descriptors, is read', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  python(pythonWrite, archive)
  const members = await readArchive(local(archive))
  deepEqual(members.map(({ entry, content }) => [entry.path, content?.length]), [['a.txt', 6000], ['empty', 0], ['ü', 2_000_000]])
}))

test('names in DOS\'s code page and in Info-ZIP\'s Unicode field are read', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  python(`
import zipfile, struct, zlib, sys
class Raw(zipfile.ZipInfo):
    def _encodeFilenameFlags(self): return self.raw, self.flag_bits
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    for index, (raw, host, extra) in enumerate([
        (b'K\\x84se', 0, b''), (b'odd\\xff', 3, b''),
        (b'K?se', 3, struct.pack('<HHBL', 0x7075, 5 + 5, 1, zlib.crc32(b'K?se')) + 'Käsx'.encode()),
    ]):
        info = Raw(str(index)); info.raw = raw; info.create_system = host; info.extra = extra
        z.writestr(info, b'x')
`, archive)
  const members = await readArchive(local(archive))
  deepEqual(members.map(({ entry }) => entry.path), ['Käse', 'odd\udcff', 'Käsx'])
}))

test('members come the same from a local file and by ranges, and only those that are wanted', () => withTree(async (_folder, source, archive) => {
  run('zip', 'zip', ['-qry', archive, '.'], source)
  const fromFile = facts(await readArchive(local(archive)))
  deepEqual(facts(await readArchive(remote(readFileSync(archive)))), fromFile)
  const some = await readArchive(remote(readFileSync(archive)), undefined, (path) => path === 'large.txt')
  deepEqual(some.map(({ entry }) => entry.path), ['large.txt'])
}))

test('ZipCrypto, unknown methods and other files are refused with their reason', () => withTree(async (folder, source, archive) => {
  run('zip', 'zip', ['-qr', '-P', 'geheim', archive, 'large.txt'], source)
  await rejects(readArchive(local(archive), 'geheim'), { code: 'archive.encryption' })
  const lzma = join(folder, 'lzma.zip')
  run('7z', 'p7zip-full', ['a', '-tzip', '-mm=LZMA', lzma, 'large.txt'], source)
  await rejects(readArchive(local(lzma)), { code: 'archive.foreign' })
  await rejects(readArchive(local(join(source, 'large.txt'))), { code: 'archive.foreign' })
  await rejects(readArchive(local(join(source, 'folder/ünter/leer'))), { code: 'archive.foreign' })
}))

test('an archive with something before it is refused', () => withTree(async (folder, source, archive) => {
  run('zip', 'zip', ['-qr', archive, '.'], source)
  const prefixed = join(folder, 'b.zip')
  writeFileSync(prefixed, Buffer.concat([Buffer.from('#!/bin/sh\n'), readFileSync(archive)]))
  await rejects(readArchive(local(prefixed)), { code: /archive\.(foreign|damaged)/ })
}))

test('evil names reach the caller as they stand there', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  const names = ['../x', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\\..\\b', './x', 'a//b', '..', '\u202egpj.exe', 'con\n\u0007']
  python(`
import zipfile, sys, json
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    for name in json.loads(sys.argv[2]): z.writestr(name, b'x')
`, archive, JSON.stringify(names))
  deepEqual((await readArchive(local(archive))).map(({ entry }) => entry.path), names)
}))

test('a name that stands there twice is refused; a folder that does comes once', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  const write = 'import zipfile,sys,warnings\nwarnings.simplefilter("ignore")\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n for n in sys.argv[2:]: z.writestr(n, b"")'
  python(write, archive, 'd/', 'd/a', 'd/', 'd/b')
  deepEqual((await readArchive(local(archive))).map(({ entry }) => entry.path), ['d', 'd/a', 'd/b'])
  for (const names of [['a', 'b', 'a'], ['a', 'a/']]) {
    python(write, archive, ...names)
    await rejects(readArchive(local(archive)), { code: 'archive.unsafe' })
  }
}))

test('owner, times before 1970 and modes with setuid come back from an archive of ours', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  const entry = fileEntry('old', text, { mode: 0o6755, uid: 4_000_000_000, gid: 12, mtimeNs: -1_500_000_000n })
  await writeArchive(archive, [entry])
  const [member] = await readArchive(local(archive))
  deepEqual([member?.entry.mode, member?.entry.uid, member?.entry.gid, member?.entry.mtimeNs], [0o6755, 4_000_000_000, 12, -2_000_000_000n])
  equal(member?.content?.toString(), text)
}))
