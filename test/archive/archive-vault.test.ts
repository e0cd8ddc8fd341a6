import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openArchiveFile } from '../../src/archive/archive-file.ts'
import { openArchiveVault } from '../../src/archive/archive-vault.ts'
import { openTreeWriter } from '../../src/disk/tree-writer.ts'
import { AppError } from '../../src/kit/app-error.ts'
import { Secret } from '../../src/kit/secret.ts'
import type { Entry } from '../../src/model/entry.ts'
import type { DatabaseFacts, Format, Snapshot } from '../../src/model/restore-point.ts'
import type { Vault } from '../../src/model/vault.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { about, allOf, chunksOf, dump, entriesOf, eventsOf, exists, folder, listed, makeTree, testRun, textOf, treeOf } from './fixtures.ts'

const all: Format[] = ['zip', 'tar.gz', 'tar.zst', 'folder']
const files: Format[] = ['zip', 'tar.gz', 'tar.zst']
const extension = { 'zip': '.zip', 'tar.gz': '.tar.gz', 'tar.zst': '.tar.zst', 'folder': '' }
const noop = (): void => undefined
const dumpText = `-- MariaDB dump\n${'INSERT INTO t VALUES (1);\n'.repeat(1000)}-- Dump completed on 2026-03-04\n`
const facts: DatabaseFacts = { name: 'shop', engine: 'mariadb', version: '10.11', path: 'database.sql', tables: [{ name: 't', kind: 'table', rows: 1000 }], sizeBytes: dumpText.length }
const withDump = { databases: [facts], complete: true, leftOut: [], warnings: [], notes: [] }

async function vaultAt(root: string, format: Format, password?: string): Promise<Vault> {
  return openArchiveVault({ storage: await openLocalStorage({ root }), format, ...(password === undefined ? {} : { password: new Secret(password) }) })
}

async function saveOne(vault: Vault, entries: AsyncIterable<Entry>, over: Parameters<typeof about>[0] = {}): Promise<Snapshot> {
  const [snapshot] = await vault.save(entries, about(over), testRun(), noop)
  assert.ok(snapshot !== undefined)
  return snapshot
}

const small = (): AsyncIterable<Entry> => listed(
  { path: '.', kind: 'dir', mode: 0o755, mtimeNs: 5n },
  { path: 'a.txt', kind: 'file', mode: 0o644, mtimeNs: 7n, size: 5, open: () => chunksOf('alpha') },
)

for (const format of all) {
  test(`${format}: a tree with everything in it comes back as it was, dump included`, async (t) => {
    const [source, place, target] = [folder(t), folder(t), folder(t)]
    makeTree(source)
    const before = await treeOf(source)
    const vault = await vaultAt(place, format)
    const run = testRun()
    let read = 0
    async function* entries(): AsyncIterable<Entry> {
      yield dump('database.sql', dumpText)
      yield* entriesOf(source)
    }
    const [snapshot] = await vault.save(entries(), about({ atEnd: () => withDump }), run, () => { read += 1 })
    assert.ok(snapshot !== undefined)
    assert.equal(read, 1)
    assert.deepEqual(eventsOf(run, 'run.warning'), [])
    assert.equal(snapshot.complete, true)
    assert.deepEqual(await allOf(vault.check(snapshot.id, 'full', run)), [])
    assert.deepEqual(await allOf(vault.check(snapshot.id, 'quick', run)), [])
    const fresh = await vaultAt(place, format)
    assert.deepEqual((await fresh.snapshots(run)).map((each) => each.id), [snapshot.id])
    await using writer = await openTreeWriter(join(target, 'x'), { trusted: true, ownership: 'numeric', signal: run.signal })
    await fresh.extract(snapshot.id, () => true, writer, run)
    assert.deepEqual(await writer.finish(run.signal), [])
    assert.equal(readFileSync(join(target, 'x/database.sql'), 'utf8'), dumpText)
    unlinkSync(join(target, 'x/database.sql'))
    assert.deepEqual(await treeOf(join(target, 'x')), before)
    const manifest = await fresh.manifest(snapshot.id, run)
    assert.equal(manifest.databases[0]?.name, 'shop')
    assert.equal(manifest.entries, before.length + 1)
  })

  test(`${format}: one file is read alone, also as the further name of a hardlink whose first name is not wanted`, async (t) => {
    const [source, place] = [folder(t), folder(t)]
    makeTree(source)
    const vault = await vaultAt(place, format)
    const { id } = await saveOne(vault, entriesOf(source))
    const found: string[] = []
    for await (const entry of vault.open(id, (path) => path === 'sub/hello-again.txt', testRun(), 'content')) found.push(`${entry.path} ${entry.open === undefined ? '' : await textOf(entry.open(testRun().signal))}`)
    assert.deepEqual(found, ['sub/hello-again.txt hello\n'])
  })

  test(`${format}: a name that is taken gets a suffix, and nothing is overwritten`, async (t) => {
    const vault = await vaultAt(folder(t), format)
    const keys: string[] = []
    for (let i = 0; i < 3; i++) keys.push((await saveOne(vault, small())).key)
    assert.deepEqual(keys, ['demo 2026-03-04', 'demo 2026-03-04-2', 'demo 2026-03-04-3'].map((name) => name + extension[format]))
    assert.equal((await vault.snapshots(testRun())).length, 3)
  })

  test(`${format}: a rolling point is replaced by the next of the same application only`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const points = [{ slot: 'rolling', name: 'demo-wednesday' }] as const
    const first = await saveOne(vault, small(), { points })
    const second = await saveOne(vault, listed({ path: 'b', kind: 'file', mode: 0o600, mtimeNs: 1n, size: 1, open: () => chunksOf('b') }), { points })
    const other = await saveOne(vault, small(), { points, app: 'other' })
    const dated = await saveOne(vault, small(), { points: [{ slot: 'dated', name: 'demo-wednesday' }] })
    assert.equal(second.key, first.key)
    assert.equal(other.key, `demo-wednesday-2${extension[format]}`)
    assert.equal(dated.key, `demo-wednesday-3${extension[format]}`)
    assert.deepEqual(new Set((await (await vaultAt(place, format)).snapshots(testRun())).map((point) => point.id)), new Set([second.id, other.id, dated.id]))
    assert.deepEqual((await allOf(vault.open(second.id, () => true, testRun(), 'content'))).map((entry) => entry.path), ['b'])
  })

  test(`${format}: a rolling point of another scope, and one that is spared, stay beside the new one`, async (t) => {
    const vault = await vaultAt(folder(t), format)
    const points = [{ slot: 'rolling', name: 'demo-wednesday' }] as const
    const attic = await saveOne(vault, small(), { points, host: 'attic' })
    const partial = await saveOne(vault, small(), { points, scope: 'partial' })
    const spares = ({ host }: Snapshot): boolean => host === 'attic'
    await saveOne(vault, small(), { points, spares })
    const own = await saveOne(vault, small(), { points, spares })
    assert.deepEqual([attic, partial, own].map(({ key }) => key), ['', '-2', '-3'].map((suffix) => `demo-wednesday${suffix}${extension[format]}`))
    assert.deepEqual(new Set((await vault.snapshots(testRun())).map(({ id }) => id)), new Set([attic.id, partial.id, own.id]))
  })

  test(`${format}: an incomplete rolling point never displaces a complete one, and goes when the next complete one comes`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const run = testRun()
    const points = [{ slot: 'rolling', name: 'demo_rolling_3' }] as const
    const save = (complete: boolean): Promise<Snapshot> => saveOne(vault, small(), { points, atEnd: () => ({ databases: [], complete, leftOut: [], warnings: [], notes: [] }) })
    const keys = async (): Promise<readonly string[]> => (await vault.snapshots(run)).map(({ key }) => key).sort()
    const [slot, standIn] = [`demo_rolling_3${extension[format]}`, `demo_rolling_3_incomplete${extension[format]}`]
    assert.equal((await save(false)).key, slot, 'nothing is there yet')
    const complete = await save(true)
    assert.deepEqual(await keys(), [slot])
    for (let time = 0; time < 2; time += 1) {
      const incomplete = await save(false)
      assert.deepEqual([incomplete.key, incomplete.complete], [standIn, false])
      assert.deepEqual(await allOf(vault.check(incomplete.id, 'full', run)), [])
    }
    assert.deepEqual(await keys(), [slot, standIn].sort())
    assert.ok((await vault.snapshots(run)).some(({ id }) => id === complete.id))
    await save(true)
    assert.deepEqual(await keys(), [slot])
    assert.deepEqual(readdirSync(place).filter((name) => name.includes('incomplete')), [])
  })

  test(`${format}: two points come from one reading`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    let opened = 0
    const once = listed({ path: 'a', kind: 'file', mode: 0o600, mtimeNs: 1n, open: () => { opened += 1; return chunksOf('content') } })
    const snapshots = await vault.save(once, about({ points: [{ slot: 'dated', name: 'demo/one' }, { slot: 'rolling', name: 'demo/mon' }] }), testRun(), noop)
    assert.equal(opened, 1)
    assert.deepEqual(snapshots.map((point) => [point.slot, point.key]), [['dated', `demo/one${extension[format]}`], ['rolling', `demo/mon${extension[format]}`]])
    for (const ending of ['.json']) for (const name of ['one', 'mon']) rmSync(join(place, 'demo', name + extension[format] + ending))
    const listing = await (await vaultAt(place, format)).snapshots(testRun())
    assert.deepEqual(new Set(listing.map((point) => `${point.id} ${point.slot} ${point.key}`)), new Set(snapshots.map((point) => `${point.id} ${point.slot} ${point.key}`)))
    for (const { id } of snapshots) assert.deepEqual(await allOf(vault.check(id, 'full', testRun())), [])
  })

  test(`${format}: a cancel leaves nothing`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const run = testRun()
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let i = 0; i < 1000; i++) {
        if (i === 20) run.cancel()
        yield Buffer.alloc(100_000, String(i))
      }
    }
    await assert.rejects(vault.save(listed({ path: 'a', kind: 'file', mode: 0o600, mtimeNs: 1n, open: endless }), about(), run, noop), (error: unknown) => error instanceof AppError && error.code === 'interrupted')
    assert.deepEqual(readdirSync(place), [])
  })

  test(`${format}: what the source throws is thrown, and nothing stays`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.from('some')
      throw new AppError('database.dump', 'The server went away')
    }
    await assert.rejects(vault.save(listed({ path: 'a', kind: 'file', mode: 0o600, mtimeNs: 1n, open: broken }), about(), testRun(), noop), { code: 'database.dump' })
    assert.deepEqual(readdirSync(place), [])
  })

  test(`${format}: a file that vanished, shrank or grew since it was seen is told, and the point is not complete`, async (t) => {
    const [source, place] = [folder(t), folder(t)]
    for (const name of ['gone', 'shrunk', 'grown', 'still', 'big-shrunk']) writeFileSync(join(source, name), 'x'.repeat(name.startsWith('big') ? 3_000_000 : 1000))
    writeFileSync(join(source, 'twin-a'), 'twins')
    linkSync(join(source, 'twin-a'), join(source, 'twin-b'))
    const entries = await allOf(entriesOf(source))
    for (const name of ['gone', 'twin-a', 'twin-b']) unlinkSync(join(source, name))
    writeFileSync(join(source, 'shrunk'), 'x'.repeat(10))
    writeFileSync(join(source, 'big-shrunk'), 'x'.repeat(10))
    appendFileSync(join(source, 'grown'), 'yyy')
    const vault = await vaultAt(place, format)
    const run = testRun()
    const [snapshot] = await vault.save(listed(...entries), about(), run, noop)
    assert.ok(snapshot !== undefined)
    assert.equal(snapshot.complete, false)
    assert.deepEqual(new Set(eventsOf(run, 'run.warning').map((event) => `${event.path ?? ''} ${event.code}`)), new Set(['gone source.unreadable', 'twin-a source.unreadable', 'twin-b source.unreadable', 'shrunk source.changed', 'big-shrunk source.changed', 'grown source.changed']))
    assert.deepEqual(await allOf(vault.check(snapshot.id, 'full', run)), [])
    const manifest = await vault.manifest(snapshot.id, run)
    assert.deepEqual([manifest.complete, manifest.warnings.length, manifest.leftOut.map((remark) => remark.path).sort()], [false, 6, ['gone', 'twin-a', 'twin-b']])
    const sizes = new Map((await allOf(vault.open(snapshot.id, () => true, run, 'content'))).map((entry) => [entry.path, entry.size]))
    assert.deepEqual([sizes.get('gone'), sizes.get('shrunk'), sizes.get('grown'), sizes.get('still'), sizes.get('big-shrunk')], [undefined, 1000, 1000, 1000, 3_000_000])
  })

  if (format === 'folder') test('folder: a manifest that is another by one sign is damage, and nothing is restored from it', async (t) => {
    const [source, place] = [folder(t), folder(t)]
    writeFileSync(join(source, 'a'), 'a')
    const vault = await vaultAt(place, format)
    const { id, key } = await saveOne(vault, entriesOf(source))
    const manifest = join(place, key, `.holdfast-${id}/manifest.json`)
    assert.equal(execFileSync('sha256sum', ['--check', '--status', 'manifest.sha256'], { cwd: dirname(manifest) }).length, 0, 'it can be checked by hand')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"root": "\//, '"root": "/x'))
    for (const beside of ['with', 'without']) {
      const again = await vaultAt(place, format)
      assert.deepEqual(await again.snapshots(testRun()), [], `${beside} what lies beside it`)
      await assert.rejects(allOf(again.check(id, 'full', testRun())))
      await assert.rejects(allOf(again.open(id, () => true, testRun(), 'content')))
      rmSync(join(place, `${key}.json`), { force: true })
    }
  })

  test(`${format}: an older restore by hand in the live tree is an ordinary part of it`, async (t) => {
    const [source, place, byHand] = [folder(t), folder(t), folder(t)]
    writeFileSync(join(source, 'a'), 'a')
    const vault = await vaultAt(place, format)
    const first = await saveOne(vault, entriesOf(source))
    const key = join(place, first.key)
    if (format === 'folder') cpSync(key, byHand, { recursive: true })
    else if (format === 'zip') execFileSync('unzip', ['-q', key, '-d', byHand])
    else execFileSync('tar', ['-C', byHand, '-xf', key])
    const second = await saveOne(vault, entriesOf(byHand))
    const paths = (await allOf(vault.open(second.id, () => true, testRun(), 'content'))).map((entry) => entry.path)
    assert.deepEqual(paths, ['.', `.holdfast-${first.id}`, `.holdfast-${first.id}/manifest.json`, ...(format === 'folder' ? [`.holdfast-${first.id}/manifest.sha256`] : []), `.holdfast-${first.id}/records.ndjson`, 'a'])
    assert.deepEqual(await allOf(vault.check(second.id, 'full', testRun())), [])
    rmSync(join(place, `${second.key}.json`))
    assert.deepEqual(new Set((await (await vaultAt(place, format)).snapshots(testRun())).map((point) => point.id)), new Set([first.id, second.id]))
  })

  test(`${format}: removing takes the point and what lies beside it, and nothing else`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const first = await saveOne(vault, small())
    const second = await saveOne(vault, small())
    await vault.remove([first.id], testRun())
    assert.deepEqual((await vault.snapshots(testRun())).map((point) => point.id), [second.id])
    assert.equal(readdirSync(place).some((name) => name.startsWith(`demo 2026-03-04${extension[format]}`) && !name.startsWith('demo 2026-03-04-2')), false)
    await assert.rejects(vault.manifest(first.id, testRun()), { code: 'vault.unknown-point' })
  })

  test(`${format}: a mark of verification lasts, and damage found later takes its place`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const { id } = await saveOne(vault, small())
    await vault.mark(id, true, testRun(new Date('2026-05-05T00:00:00.000Z')))
    const [verified] = await (await vaultAt(place, format)).snapshots(testRun())
    assert.equal(verified?.verifiedAt, '2026-05-05T00:00:01.000Z')
    await vault.mark(id, false, testRun(new Date('2026-06-06T00:00:00.000Z')))
    const [damagedNow] = await (await vaultAt(place, format)).snapshots(testRun())
    assert.equal(damagedNow?.damagedAt, '2026-06-06T00:00:01.000Z')
  })

  test(`${format}: a dump without its closing line is found by a full check`, async (t) => {
    const vault = await vaultAt(folder(t), format)
    const { id } = await saveOne(vault, listed(dump('database.sql', dumpText.slice(0, -40))), { atEnd: () => withDump })
    assert.deepEqual((await allOf(vault.check(id, 'full', testRun()))).map((finding) => finding.path), ['database.sql'])
  })

  test(`${format}: an archive file is read outside any vault, whatever its name`, async (t) => {
    const [place, elsewhere] = [folder(t), folder(t)]
    const vault = await vaultAt(place, format)
    const { id, key } = await saveOne(vault, small())
    renameSync(join(place, key), join(elsewhere, 'backup.bin'))
    const reader = await openArchiveFile(join(elsewhere, 'backup.bin'))
    assert.deepEqual((await reader.snapshots(testRun())).map((point) => point.id), [id])
    assert.deepEqual((await allOf(reader.open(id, () => true, testRun(), 'content'))).map((entry) => entry.path), ['.', 'a.txt'])
    assert.deepEqual(await allOf(reader.check(id, 'full', testRun())), [])
  })
}

for (const format of files) {
  test(`${format}: the same works where archives are no local files`, async () => {
    const vault = await openArchiveVault({ storage: new MemoryStorage(), format })
    const { id } = await saveOne(vault, small())
    assert.deepEqual(await allOf(vault.check(id, 'full', testRun())), [])
    assert.deepEqual((await vault.snapshots(testRun())).map((point) => point.id), [id])
  })

  test(`${format}: a lost or stale sidecar is no damage`, async (t) => {
    const place = folder(t)
    const { id, key } = await saveOne(await vaultAt(place, format), small())
    const sidecar = join(place, `${key}.json`)
    const [before] = await (await vaultAt(place, format)).snapshots(testRun())
    for (const text of ['no json', '{}', JSON.stringify({ ...before, id: '0123456789abcdef', sizeBytes: 3 }), undefined]) {
      rmSync(sidecar)
      if (text !== undefined) writeFileSync(sidecar, text)
      const [found] = await (await vaultAt(place, format)).snapshots(testRun())
      assert.equal(found?.id, id)
      assert.equal(found?.entries, before?.entries)
      if (text === undefined) break
    }
  })

  test(`${format}: a sidecar that tells of another point of the same size is not believed when it counts`, async (t) => {
    const place = folder(t)
    const { key } = await saveOne(await vaultAt(place, format), small())
    const sidecar = join(place, `${key}.json`)
    writeFileSync(sidecar, readFileSync(sidecar, 'utf8').replace(/"id": "[0-9a-f]{16}"/, '"id": "0123456789abcdef"'))
    const vault = await vaultAt(place, format)
    assert.deepEqual((await allOf(vault.check('0123456789abcdef', 'full', testRun()))).map((finding) => finding.code), ['archive.damaged'])
    await assert.rejects(vault.manifest('0123456789abcdef', testRun()), { code: 'archive.damaged' })
  })

  test(`${format}: a damaged archive without sidecar is told by a note, foreign files are passed over`, async (t) => {
    const place = folder(t)
    const { key } = await saveOne(await vaultAt(place, format), small())
    rmSync(join(place, `${key}.json`))
    writeFileSync(join(place, key), readFileSync(join(place, key)).subarray(0, -20))
    writeFileSync(join(place, 'notes.txt'), 'mine')
    mkdirSync(join(place, 'photos'))
    if (format === 'zip') execFileSync('zip', ['-q', join(place, 'foreign.zip'), 'notes.txt'], { cwd: place })
    else execFileSync('tar', ['-C', place, '-caf', join(place, `foreign${extension[format]}`), 'notes.txt'])
    const run = testRun()
    assert.deepEqual(await (await vaultAt(place, format)).snapshots(run), [])
    assert.deepEqual(eventsOf(run, 'run.note').map((note) => [note.code, note.path]), [['archive.damaged', key]])
  })

  test(`${format}: sha256sum accepts the file beside the archive, and a full check uses it`, async (t) => {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    const { id, key, sha256 } = await saveOne(vault, listed(dump('database.sql', dumpText)))
    assert.match(execFileSync('sha256sum', ['-c', `${key}.sha256`], { cwd: place, encoding: 'utf8' }), /OK/)
    assert.ok(sha256 !== undefined)
    writeFileSync(join(place, `${key}.sha256`), `${'0'.repeat(64)}  ${key}\n`)
    assert.deepEqual((await allOf(vault.check(id, 'full', testRun()))).map((finding) => finding.code), ['archive.damaged'])
  })
}

test('a password with a format that has no encryption is refused before anything is read or written', async (t) => {
  const place = folder(t)
  for (const format of ['tar.gz', 'tar.zst', 'folder'] as const) {
    const vault = await vaultAt(place, format, 'secret')
    const unread = listed({ path: 'a', kind: 'file', mode: 0o600, mtimeNs: 1n, open: () => assert.fail('it was read') })
    await assert.rejects(vault.save(unread, about(), testRun(), noop), { code: 'archive.encryption' })
  }
  assert.deepEqual(readdirSync(place), [])
})

test('an encrypted archive tells no names beside it, and without sidecar a wrong password is a note', async (t) => {
  const place = folder(t)
  const vault = await vaultAt(place, 'zip', 'right')
  const { id, key } = await saveOne(vault, listed(dump('secret-dump.sql', dumpText), { path: 'secret-name.txt', kind: 'file', mode: 0o600, mtimeNs: 1n, size: 6, open: () => chunksOf('secret') }), {
    atEnd: () => ({ ...withDump, databases: [{ ...facts, name: 'secret_db', path: 'secret-dump.sql' }] }),
  })
  assert.deepEqual(await allOf(vault.check(id, 'full', testRun())), [])
  for (const name of readdirSync(place)) if (name !== key) assert.doesNotMatch(readFileSync(join(place, name), 'utf8'), /secret/)
  const listing = await (await vaultAt(place, 'zip', 'wrong')).snapshots(testRun())
  assert.deepEqual(listing.map((point) => [point.id, point.encrypted]), [[id, true]])
  rmSync(join(place, `${key}.json`))
  const run = testRun()
  assert.deepEqual(await (await vaultAt(place, 'zip', 'wrong')).snapshots(run), [])
  assert.deepEqual(eventsOf(run, 'run.note').map((note) => note.code), ['archive.password'])
  assert.deepEqual((await (await vaultAt(place, 'zip', 'right')).snapshots(testRun())).map((point) => [point.id, point.encrypted]), [[id, true]])
})

test('plain folders need a local place', async () => {
  const vault = await openArchiveVault({ storage: new MemoryStorage(), format: 'folder' })
  await assert.rejects(vault.save(small(), about(), testRun(), noop), { code: 'config.invalid' })
})

test('a changed, a missing and a swapped file of a plain folder are found', async (t) => {
  const [source, place] = [folder(t), folder(t)]
  for (const name of ['a', 'b', 'c']) writeFileSync(join(source, name), `content of ${name}`)
  const vault = await vaultAt(place, 'folder')
  const { id, key } = await saveOne(vault, entriesOf(source))
  for (const harm of [() => writeFileSync(join(place, key, 'a'), 'content of A'), () => unlinkSync(join(place, key, 'b')), () => execFileSync('ln', ['-sf', '/etc/passwd', join(place, key, 'c')])]) {
    cpSync(join(place, key), join(place, 'kept'), { recursive: true })
    harm()
    assert.deepEqual((await allOf(vault.check(id, 'full', testRun()))).map((finding) => finding.code), ['archive.damaged'])
    rmSync(join(place, key), { recursive: true })
    renameSync(join(place, 'kept'), join(place, key))
  }
  assert.deepEqual(await allOf(vault.check(id, 'full', testRun())), [])
})

test('points of all formats lie side by side in one place', async (t) => {
  const place = folder(t)
  const ids: string[] = []
  for (const format of all) ids.push((await saveOne(await vaultAt(place, format), small(), { points: [{ slot: 'dated', name: `demo-${format}` }] })).id)
  const vault = await vaultAt(place, 'zip')
  assert.deepEqual(new Set((await vault.snapshots(testRun())).map((point) => point.id)), new Set(ids))
  for (const id of ids) assert.deepEqual(await allOf(vault.check(id, 'full', testRun())), [])
})

test('RESTORE.md brings files and dump back with its own commands, for each application of the place', async (t) => {
  const source = folder(t)
  writeFileSync(join(source, 'it\'s.txt'), 'text')
  for (const format of all) {
    const place = folder(t)
    const vault = await vaultAt(place, format)
    async function* entries(): AsyncIterable<Entry> {
      yield dump('database.sql', dumpText)
      yield* entriesOf(source)
    }
    await saveOne(vault, small(), { app: 'another' })
    const { key } = await saveOne(vault, entries(), { atEnd: () => withDump, points: [{ slot: 'dated', name: 'it\'s here' }] })
    const text = readFileSync(join(place, 'RESTORE.md'), 'utf8')
    assert.match(text, /^## Application another$/m)
    const own = text.slice(text.indexOf('## Application demo'))
    const blocks = [...own.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
    const commands = blocks.filter((block) => !block.includes('mariadb')).join('')
    execFileSync('sh', ['-e', '-c', commands], { cwd: place, stdio: 'pipe' })
    assert.deepEqual(readdirSync(join(place, 'restored')), ['it\'s.txt'], `${key} by hand`)
    assert.match(own, /^mariadb .* shop < restored\/database\.sql$/m)
  }
})

test('leftovers of a killed folder point are no restore points', async (t) => {
  const place = folder(t)
  const vault = await vaultAt(place, 'folder')
  const { key } = await saveOne(vault, small())
  cpSync(join(place, key), join(place, '.holdfast-tmp-00000000-1-1-0123456789abcdef'), { recursive: true })
  assert.equal((await vault.snapshots(testRun())).length, 1)
  assert.ok(exists(join(place, key)))
  assert.ok(statSync(join(place, key)).isDirectory())
})
