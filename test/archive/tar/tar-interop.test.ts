import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tarGzFormat, tarZstFormat } from '../../../src/archive/tar/tar-formats.ts'
import type { ArchiveBytes, ArchiveFormat, WrittenMember } from '../../../src/archive/format.ts'
import { openTreeWriter } from '../../../src/disk/tree-writer.ts'
import type { Entry } from '../../../src/model/entry.ts'
import { chunksOf, dump, entriesOf, folder, listed, makeTree, seeded, randomBytesOf, textOf, treeOf, allOf } from '../fixtures.ts'

const { signal } = new AbortController()
const formats: [ArchiveFormat, string[]][] = [[tarGzFormat, ['-z']], [tarZstFormat, ['--zstd']]]

/** Writes an archive as a storage would: appends, then patches. */
export async function writeArchive(format: ArchiveFormat, path: string, members: AsyncIterable<Entry>, last: AsyncIterable<Entry> = listed()): Promise<WrittenMember[]> {
  const written: WrittenMember[] = []
  const file = createWriteStream(path)
  const patches: { at: number; bytes: Uint8Array }[] = []
  for await (const chunk of format.write(members, { signal, onMember: (member) => written.push(member), trailer: () => last })) {
    if (!(chunk instanceof Uint8Array)) patches.push(chunk)
    else if (!file.write(Uint8Array.from(chunk))) await new Promise((resolve) => file.once('drain', resolve))
  }
  await new Promise((resolve) => file.end(resolve))
  if (patches.length > 0) {
    const bytes = readFileSync(path)
    for (const patch of patches) bytes.set(patch.bytes, patch.at)
    await writeFile(path, bytes)
  }
  return written
}

export function bytesOf(path: string): ArchiveBytes {
  return {
    sizeBytes: statSync(path).size,
    stream: () => createReadStream(path, { highWaterMark: 100_000 }),
    range: (start, end) => createReadStream(path, { start, end: end - 1 }),
    localPath: path,
  }
}

async function unpack(path: string, target: string): Promise<void> {
  await using writer = await openTreeWriter(target, { trusted: true, ownership: 'numeric', signal })
  for await (const entry of tarGzFormat.read(bytesOf(path), { signal })) await writer.write(entry, entry.open?.(signal))
  assert.deepEqual(await writer.finish(signal), [])
}

for (const [format, flags] of formats) {
  test(`GNU tar unpacks our ${format.format} to the identical tree, attributes, ACLs and holes included`, async (t) => {
    const [source, target] = [folder(t), folder(t)]
    makeTree(source)
    const archive = join(folder(t), 'a')
    const written = await writeArchive(format, archive, entriesOf(source))
    assert.deepEqual(written.filter((member) => member.problem !== undefined || member.leftOut), [])
    execFileSync('tar', ['-C', target, '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '-p', ...flags, '-xf', archive])
    assert.deepEqual(await treeOf(target), await treeOf(source))
    const blocks = (path: string): number => statSync(path).blocks
    assert.ok(blocks(join(target, 'sparse.img')) * 512 < 100_000)
    execFileSync('tar', ['-C', source, '--xattrs', '--acls', ...flags, '-df', archive])
  })

  test(`our own reader gives our ${format.format} back identically`, async (t) => {
    const [source, target] = [folder(t), folder(t)]
    makeTree(source)
    const archive = join(folder(t), 'a')
    await writeArchive(format, archive, entriesOf(source))
    await unpack(archive, target)
    assert.deepEqual(await treeOf(target), await treeOf(source))
  })

  test(`a dump of unknown size is patched right in ${format.format}, for us, for GNU tar and for the decompressor`, async (t) => {
    const archive = join(folder(t), 'a')
    const text = `${randomBytesOf(seeded(3), 400_000).toString('base64')}${'INSERT '.repeat(1_000_000)}`
    await writeArchive(format, archive, listed(
      { path: 'before', kind: 'file', mode: 0o644, mtimeNs: 1n, size: 3, open: () => chunksOf('abc') },
      dump('database.sql', text), dump('empty.sql', ''), dump(`${'long/'.repeat(60)}x.sql`, 'tiny'),
    ), listed(dump('last', 'end')))
    execFileSync(format === tarGzFormat ? 'gzip' : 'zstd', ['-t', '-q', archive].filter((flag) => format === tarZstFormat || flag !== '-q'), { input: '' })
    assert.equal(execFileSync('tar', ['-xOf', archive, ...flags, 'database.sql'], { maxBuffer: 1e9, encoding: 'utf8' }), text)
    const found = new Map<string, string>()
    for await (const entry of format.read(bytesOf(archive), { signal, strict: true })) found.set(entry.path, entry.open === undefined ? '' : await textOf(entry.open(signal)))
    assert.equal(found.get('database.sql'), text)
    assert.deepEqual([...found].filter(([path]) => path !== 'database.sql'), [['before', 'abc'], ['empty.sql', ''], [`${'long/'.repeat(60)}x.sql`, 'tiny'], ['last', 'end']])
    if (format === tarGzFormat) assert.match(execFileSync('gzip', ['-lv', archive], { encoding: 'utf8' }), /defla/)
  })

  test(`7z and Python read our ${format.format}`, async (t) => {
    const source = folder(t)
    writeFileSync(join(source, 'a.txt'), 'alpha')
    mkdirSync(join(source, 'd'))
    writeFileSync(join(source, 'd/b.txt'), 'beta')
    const archive = join(folder(t), `a${format.extension}`)
    await writeArchive(format, archive, entriesOf(source))
    const plain = format === tarGzFormat ? execFileSync('7z', ['x', '-so', archive], { stdio: ['ignore', 'pipe', 'ignore'] }) : execFileSync('zstd', ['-dc', archive])
    const tar = join(folder(t), 'a.tar')
    writeFileSync(tar, plain)
    const names = execFileSync('7z', ['l', '-ba', '-slt', tar], { encoding: 'utf8' }).match(/^Path = .*/gm)
    assert.ok(names?.includes('Path = d/b.txt'))
    assert.equal(execFileSync('7z', ['x', '-so', tar, 'd/b.txt'], { encoding: 'utf8' }), 'beta')
    assert.equal(execFileSync('python3', ['-c', 'import sys,tarfile; print(tarfile.open(sys.argv[1]).extractfile("d/b.txt").read().decode(),end="")', tar], { encoding: 'utf8' }), 'beta')
  })
}

for (const gnuFormat of ['gnu', 'pax', 'ustar', 'v7', 'oldgnu']) {
  for (const compress of [[], ['--gzip'], ['--zstd']]) {
    test(`we read GNU tar's --format=${gnuFormat} ${compress.join('')}`, async (t) => {
      const [source, target] = [folder(t), folder(t)]
      makeTree(source)
      // What the older formats cannot hold.
      if (gnuFormat === 'ustar' || gnuFormat === 'v7') {
        for (const name of [`${'n'.repeat(200)}.txt`, 'long-link', `0-${'d'.repeat(60)}`, 'empty', 'sparse.img', 'hole.img']) rmSync(join(source, name), { recursive: true })
        if (gnuFormat === 'v7') for (const name of ['fifo', 'null']) rmSync(join(source, name))
      }
      const archive = join(folder(t), 'a')
      const attributes = gnuFormat === 'pax' ? ['--xattrs', '--xattrs-include=*'] : []
      execFileSync('tar', ['-C', source, `--format=${gnuFormat}`, ...attributes, '--sort=name', ...(gnuFormat === 'ustar' || gnuFormat === 'v7' ? [] : ['--sparse']), ...compress, '-cf', archive, '.'])
      await unpack(archive, target)
      const strip = (lines: string[]): string[] => gnuFormat === 'pax' ? lines : lines.map((line) => line.replace(/ \d+ /, ' ').replace(/ (\S*=\S*)( [0-9a-f]{64})?$/, ' $2').replace(/ -?\d{18,} /, ' TIME ').replace(/"([^"]*)" (.*) /, '"$1" $2 '))
      const fields = (lines: string[]): string[] => strip(lines).map((line) => (gnuFormat === 'pax' ? line : line.replace(/(user|system|security)\.[\w.]+=[0-9a-f]*,?/g, '').replace(/ (\d{9,})(\d{9}) /, ' ').replace(/  +/g, ' ')))
      const kinds = (lines: string[]): string[] => fields(lines).map((line) => (gnuFormat === 'pax' ? line : line.replace(/" (\w+) \d+ /, '" $1 ').replace(/ -?\d+ /g, ' ')))
      assert.deepEqual(kinds(await treeOf(target)), kinds(await treeOf(source)))
    })
  }
}

for (const sparse of ['0.0', '0.1', '1.0']) {
  test(`we read GNU tar's sparse files of version ${sparse}`, async (t) => {
    const [source, target] = [folder(t), folder(t)]
    const fd = join(source, 's.img')
    writeFileSync(fd, '')
    for (const [at, text] of [[100_000, 'one'], [2_000_000, 'two'], [5_000_000, 'three']] as const) execFileSync('dd', [`of=${fd}`, 'bs=1', `seek=${at}`, 'conv=notrunc', 'status=none'], { input: text })
    execFileSync('truncate', ['-s', '6000000', fd])
    const archive = join(folder(t), 'a')
    execFileSync('tar', ['-C', source, '--format=pax', `--sparse-version=${sparse}`, '-Scf', archive, 's.img'])
    await unpack(archive, target)
    assert.ok(readFileSync(fd).equals(readFileSync(join(target, 's.img'))))
    assert.ok(statSync(join(target, 's.img')).blocks * 512 < 200_000)
    const [entry] = await allOf(tarGzFormat.read(bytesOf(archive), { signal }))
    assert.equal(entry?.path, 's.img')
    assert.equal(entry?.size, 6_000_000)
  })
}

test('a gzip of several members and a zstd of one large frame are read', async (t) => {
  const source = folder(t)
  writeFileSync(join(source, 'a'), randomBytesOf(seeded(4), 3_000_000))
  const place = folder(t)
  const tar = join(place, 'a.tar')
  execFileSync('tar', ['-C', source, '-cf', tar, 'a'])
  const plain = readFileSync(tar)
  const gzip = (part: Uint8Array): Buffer => execFileSync('gzip', ['-c'], { input: part, maxBuffer: 1e9 })
  writeFileSync(join(place, 'multi'), Buffer.concat([gzip(plain.subarray(0, 1000)), gzip(plain.subarray(1000, 1_500_000)), gzip(Buffer.alloc(0)), gzip(plain.subarray(1_500_000))]))
  writeFileSync(join(place, 'one'), execFileSync('zstd', ['-19', '-c', '--no-check'], { input: plain, maxBuffer: 1e9 }))
  for (const name of ['multi', 'one', 'a.tar']) {
    for await (const entry of tarZstFormat.read(bytesOf(join(place, name)), { signal })) {
      const parts: Uint8Array[] = []
      if (entry.open !== undefined) for await (const bytes of entry.open(signal)) parts.push(Uint8Array.from(bytes))
      assert.ok(Buffer.concat(parts).equals(readFileSync(join(source, 'a'))), name)
    }
  }
})
