import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { zipFormat } from '../../src/archive/zip/zip-format.ts'
import type { Entry } from '../../src/model/entry.ts'
import { fileEntry, local, never, python, readArchive, facts, run, someTimeNs, treeFacts, walked, withFolder, writeArchive } from './zip-support.ts'

const text = 'All work and no play makes Jack a dull boy.\n'
const oddName = Buffer.from([0x6f, 0x64, 0x64, 0xff, 0xe9])

function makeTree(root: string): void {
  mkdirSync(join(root, 'docs/Käse 🧀'), { recursive: true })
  mkdirSync(join(root, 'empty folder'), { mode: 0o750 })
  writeFileSync(join(root, 'docs/empty'), '')
  writeFileSync(join(root, 'docs/letter.txt'), text, { mode: 0o640 })
  writeFileSync(join(root, 'docs/Käse 🧀/one "two" \\three'), 'quoted')
  writeFileSync(join(root, 'run.sh'), '#!/bin/sh\n')
  chmodSync(join(root, 'run.sh'), 0o755)
  writeFileSync(join(root, 'medium.txt'), text.repeat(20_000))
  writeFileSync(join(root, 'large.txt'), text.repeat(150_000))
  writeFileSync(join(root, 'photo.jpg'), randomBytes(300_000))
  writeFileSync(join(root, 'film.mp4'), randomBytes(5_000_000))
  writeFileSync(join(root, 'half'), Buffer.concat([randomBytes(3_000_000), Buffer.alloc(4_000_000, text)]))
  symlinkSync('docs/letter.txt', join(root, 'link'))
  symlinkSync('/nowhere/at/all', join(root, 'dangling'))
  symlinkSync('deep/'.repeat(100), join(root, 'docs/far'))
  utimesSync(join(root, 'docs/letter.txt'), 1_234_567_890, 1_234_567_890)
  utimesSync(join(root, 'docs'), 1_000_000_000, 1_000_000_000)
}

const pythonExtract = `
import zipfile, os, sys, time
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    for info in z.infolist():
        mode = info.external_attr >> 16
        if mode & 0o170000 == 0o120000:
            os.symlink(z.read(info), os.path.join(sys.argv[2], info.filename))
            continue
        target = z.extract(info, sys.argv[2])
        os.chmod(target, mode & 0o7777)
    for info in reversed(z.infolist()):
        if (info.external_attr >> 16) & 0o170000 != 0o120000:
            at = time.mktime(info.date_time + (0, 0, -1))
            os.utime(os.path.join(sys.argv[2], info.filename), (at, at))
`

const programs: Readonly<Record<string, (archive: string, target: string) => void>> = {
  unzip: (archive, target) => run('unzip', 'unzip', ['-q', archive, '-d', target]),
  '7z': (archive, target) => run('7z', 'p7zip-full', ['x', '-y', `-o${target}`, archive]),
  'Python\'s zipfile': (archive, target) => python(pythonExtract, archive, target),
}

/** Programs keep links' times or not, Python knows steps of two seconds, and 7z leads absolute links below its target. */
function coarse(all: unknown[], target = ''): unknown[] {
  return all.map((one) => {
    const { seconds, kind, link, ...rest } = one as { seconds: bigint; kind: string; link: string | undefined }
    return { kind, ...rest, ...(kind === 'symlink' ? { link: link?.replace(target, '') } : { seconds: seconds / 2n }) }
  })
}

for (const [name, extract] of Object.entries(programs)) {
  test(`${name} restores names, contents, modes, times and links from an archive of ours`, () => withFolder(async (folder) => {
    const source = join(folder, 'source')
    makeTree(source)
    const archive = join(folder, 'a.zip')
    const dump = fileEntry('database.sql', Buffer.alloc(9_000_000, 'INSERT INTO t VALUES (1);\n'))
    const { size: _size, ...streamed } = dump
    await writeArchive(archive, (async function* (): AsyncGenerator<Entry> { yield streamed; yield* walked(source) })())
    const target = join(folder, 'target')
    mkdirSync(target)
    extract(archive, target)
    deepEqual(readFileSync(join(target, 'database.sql')), Buffer.alloc(9_000_000, 'INSERT INTO t VALUES (1);\n'))
    rmSync(join(target, 'database.sql'))
    deepEqual(coarse(await treeFacts(target), target), coarse(await treeFacts(source)))
  }))
}

test('7z restores an encrypted archive with its password, and nothing of the contents lies open', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  makeTree(source)
  writeFileSync(join(source, 'secret'), 'the-cat-is-called-mitzi')
  const archive = join(folder, 'a.zip')
  const { members } = await writeArchive(archive, walked(source), { password: 'pässword', trailer: [fileEntry('records', 'trailer-is-secret-too')] })
  deepEqual(members.flatMap((member) => (member.note === undefined ? [] : [member.note.code])), ['archive.names'])
  const bytes = readFileSync(archive)
  for (const open of ['mitzi', 'nowhere', 'dull boy', 'secret-too']) equal(bytes.includes(open), false, open)
  const target = join(folder, 'target')
  run('7z', 'p7zip-full', ['x', '-y', '-ppässword', `-o${target}`, archive])
  equal(readFileSync(join(target, 'records'), 'utf8'), 'trailer-is-secret-too')
  rmSync(join(target, 'records'))
  deepEqual(coarse(await treeFacts(target), target), coarse(await treeFacts(source)))
  await rejects(async () => run('7z', 'p7zip-full', ['t', '-pother', archive]))
}))

test('two members with the same content and password are encrypted differently', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  await writeArchive(archive, [fileEntry('a', text), fileEntry('b', text)], { password: 'x' })
  const listed = python('import zipfile,sys\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.header_offset, i.compress_size, i.CRC)', archive).trim().split('\n').map((line) => line.split(' ').map(Number))
  const bytes = readFileSync(archive)
  const contents = listed.map(([offset = 0, sizeBytes = 0]) => {
    const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
    return bytes.subarray(start, start + sizeBytes).toString('hex')
  })
  equal(new Set(contents.map((content) => content.slice(0, 32))).size, 2)
  equal(new Set(contents.map((content) => content.slice(36, 60))).size, 2)
  deepEqual(listed.map(([, , sum]) => sum), [0, 0])
}))

test('a name that is no UTF-8 keeps its bytes, in unzip\'s hands too, and a note says so', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(Buffer.concat([Buffer.from(`${source}/`), oddName]), 'odd')
  const archive = join(folder, 'a.zip')
  const { members } = await writeArchive(archive, walked(source))
  deepEqual(members.map((member) => member.note?.code), [undefined, 'archive.name'])
  deepEqual(facts(await readArchive(local(archive))), await treeFacts(source))
  // Without -^ it drops control characters and the byte 255.
  run('unzip', 'unzip', ['-q', '-^', archive, '-d', join(folder, 'target')])
  deepEqual(readdirSync(join(folder, 'target'), 'buffer'), [oddName])
}))

test('content that does not compress is stored, the rest deflated, and no member has a data descriptor', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  makeTree(source)
  const archive = join(folder, 'a.zip')
  await writeArchive(archive, walked(source))
  const listed = python('import zipfile,sys\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.compress_type, i.flag_bits & 8, i.filename)', archive)
  for (const line of ['0 0 photo.jpg', '0 0 film.mp4', '8 0 medium.txt', '8 0 large.txt', '8 0 half', '0 0 docs/empty', '0 0 link', '0 0 docs/far']) ok(listed.includes(`${line}\n`), `${line} in ${listed}`)
}))

test('a hardlink is a file of its own for others, pipes and devices are notes, sockets are left out', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'a'), text)
  linkSync(join(source, 'a'), join(source, 'b'))
  run('mkfifo', 'coreutils', [join(source, 'pipe')])
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(join(source, 'socket'), resolve) })
  const archive = join(folder, 'a.zip')
  const { members } = await writeArchive(archive, walked(source))
  server.close()
  deepEqual(members.map(({ entry, sizeBytes, leftOut, note, sha256 }) => [entry.path, sizeBytes, leftOut, note?.code, sha256?.length]), [
    ['.', 0, false, undefined, undefined],
    ['a', text.length, false, undefined, 64],
    ['b', 0, false, 'archive.hardlink', undefined],
    ['pipe', 0, false, 'archive.special', undefined],
    ['socket', 0, true, 'archive.socket', undefined],
  ])
  run('unzip', 'unzip', ['-q', archive, '-d', join(folder, 'target')])
  deepEqual(readdirSync(join(folder, 'target')).map((name) => [name, readFileSync(join(folder, 'target', name), 'utf8')]), [['a', text], ['b', text]])
}))

test('files that vanish, shrink, grow or change are told, and what is written fits what was stated', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const name of ['small', 'large']) {
    const content = Buffer.alloc(name === 'small' ? 1000 : 5_000_000, text)
    for (const fate of ['gone', 'grown', 'kept', 'shrunk', 'swapped']) writeFileSync(join(source, `${name}-${fate}`), content)
  }
  const entries: Entry[] = []
  for await (const entry of walked(source)) entries.push(entry)
  for (const name of ['small', 'large']) {
    rmSync(join(source, `${name}-gone`))
    truncateSync(join(source, `${name}-shrunk`), 500)
    writeFileSync(join(source, `${name}-grown`), 'more', { flag: 'a' })
    rmSync(join(source, `${name}-swapped`))
    symlinkSync('/etc/passwd', join(source, `${name}-swapped`))
  }
  const archive = join(folder, 'a.zip')
  const { members } = await writeArchive(archive, entries)
  const told = new Map(members.map((member) => [member.entry.path, [member.leftOut, member.problem?.code, member.sizeBytes]]))
  const read = new Map((await readArchive(local(archive))).map((member) => [member.entry.path, member.content]))
  for (const [name, sizeBytes] of [['small', 1000], ['large', 5_000_000]] as const) {
    deepEqual(told.get(`${name}-gone`), [true, 'source.unreadable', 0])
    deepEqual(told.get(`${name}-swapped`), [true, 'source.unreadable', 0])
    deepEqual(told.get(`${name}-grown`), [false, 'source.changed', sizeBytes])
    deepEqual(told.get(`${name}-shrunk`), [false, 'source.changed', sizeBytes])
    deepEqual(told.get(`${name}-kept`), [false, undefined, sizeBytes])
    const whole = Buffer.alloc(sizeBytes, text)
    deepEqual(read.get(`${name}-grown`), whole)
    deepEqual(read.get(`${name}-shrunk`), Buffer.concat([whole.subarray(0, 500), Buffer.alloc(sizeBytes - 500)]))
    equal(read.has(`${name}-gone`) || read.has(`${name}-swapped`), false)
  }
  run('unzip', 'unzip', ['-tq', archive])
}))

test('a stream that gives less or more than its stated size is told, and fits what was stated', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  for (const sizeBytes of [1000, 5_000_000]) {
    const given = Buffer.alloc(sizeBytes, text)
    const { members } = await writeArchive(archive, [fileEntry('less', given, { size: sizeBytes + 10 }), fileEntry('more', given, { size: sizeBytes - 10 }), fileEntry('right', given)])
    deepEqual(members.map((member) => [member.sizeBytes, member.problem?.code]), [[sizeBytes + 10, 'source.changed'], [sizeBytes - 10, 'source.changed'], [sizeBytes, undefined]])
    deepEqual((await readArchive(local(archive))).map(({ content }) => content), [Buffer.concat([given, Buffer.alloc(10)]), given.subarray(0, -10), given])
  }
}))

test('further names of a file that could not be read are left out with it', () => withFolder(async (folder) => {
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'a'), text)
  linkSync(join(source, 'a'), join(source, 'b'))
  const entries: Entry[] = []
  for await (const entry of walked(source)) entries.push(entry)
  rmSync(join(source, 'a'))
  const { members } = await writeArchive(join(folder, 'a.zip'), entries)
  deepEqual(members.map((member) => [member.entry.path, member.leftOut]), [['.', false], ['a', true], ['b', true]])
}))

test('every member is told in order, and the trailer is asked for only then', async () => {
  const entries = Array.from({ length: 700 }, (_, index) => fileEntry(`f${index}`, text.repeat(index % 70 === 0 ? 60_000 : index)))
  const told: string[] = []
  let atTrailer = 0
  const body = zipFormat.write((async function* () { yield* entries })(), {
    signal: never,
    onMember: (member) => told.push(member.entry.path),
    async *trailer() {
      atTrailer = told.length
      yield fileEntry('last', 'records')
    },
  })
  for await (const _chunk of body) { /* only its end counts */ }
  deepEqual(told, entries.map((entry) => entry.path))
  equal(atTrailer, entries.length)
})

test('a cancel ends the writing, and so does an error of an entry', () => withFolder(async (folder) => {
  const controller = new AbortController()
  const endless: Entry = { path: 'endless', kind: 'file', mode: 0o600, mtimeNs: someTimeNs, async *open() { for (;;) yield randomBytes(100_000) } }
  setTimeout(() => controller.abort(new Error('enough')), 100)
  await rejects(writeArchive(join(folder, 'a.zip'), [endless], { signal: controller.signal }), /enough/)
  const broken: Entry = { ...endless, async *open() { yield Buffer.alloc(3_000_000); throw new Error('the dump broke') } }
  await rejects(writeArchive(join(folder, 'b.zip'), [broken]), /the dump broke/)
}))

test('a name that leaves the folder is never written', () => withFolder(async (folder) => {
  for (const path of ['/etc/passwd', '../x', 'a/../../x', 'a/..', '', 'a\0b']) {
    await rejects(writeArchive(join(folder, 'a.zip'), [fileEntry(path, text)]), { code: 'archive.unsafe' })
  }
}))
