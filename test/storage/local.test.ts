import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { temporaryName } from '../../src/kit/temporary-name.ts'
import type { BodyChunk } from '../../src/model/storage.ts'
import { openLocalStorage } from '../../src/storage/local.ts'

const { signal } = new AbortController()
const fresh = { replace: false, signal }

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function* body(text: string): AsyncGenerator<BodyChunk, void, undefined> {
  yield Buffer.from(text)
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

test('in a folder that a group shares, files and folders are the group\'s to write, whatever the umask', async (t) => {
  const root = folder(t)
  chownSync(root, 0, 12345)
  chmodSync(root, 0o2770)
  const before = process.umask(0o077)
  t.after(() => process.umask(before))
  const storage = await openLocalStorage({ root })
  await storage.put('demo/k', body('x'), fresh)
  assert.deepEqual([modeOf(join(root, 'demo')), modeOf(join(root, 'demo/k'))], ['2770', '660'])
  assert.deepEqual([statSync(join(root, 'demo')).gid, statSync(join(root, 'demo/k')).gid], [12345, 12345])
})

test('elsewhere the umask decides, and others never may read', async (t) => {
  const root = folder(t)
  const before = process.umask(0o027)
  t.after(() => process.umask(before))
  const storage = await openLocalStorage({ root: join(root, 'new') })
  await storage.put('demo/k', body('x'), fresh)
  assert.deepEqual([modeOf(join(root, 'new')), modeOf(join(root, 'new/demo')), modeOf(join(root, 'new/demo/k'))], ['750', '750', '640'])
})

test('temporaries of processes that have ended go when the folder is opened; those of living ones stay', async (t) => {
  const root = folder(t)
  const mine = temporaryName()
  const module = new URL('../../src/kit/temporary-name.ts', import.meta.url).href
  const dead = execFileSync(process.execPath, ['-e', `import(${JSON.stringify(module)}).then((m) => process.stdout.write(m.temporaryName()))`], { encoding: 'utf8' })
  const reused = mine.replace(/-(\d+)-\d+-([0-9a-f]{16})$/, '-$1-1-$2')
  const elsewhere = mine.replace(/^(\.holdfast-tmp-)[0-9a-f]{8}/, '$1ffffffff')
  const elsewhereOld = `${elsewhere.slice(0, -16)}0123456789abcdef`
  for (const name of [mine, reused, elsewhere, elsewhereOld, '.holdfast-tmp-odd']) writeFileSync(join(root, name), 'x')
  mkdirSync(join(root, dead, 'deep'), { recursive: true })
  writeFileSync(join(root, dead, 'deep/file'), 'x')
  utimesSync(join(root, elsewhereOld), 1, 1)
  await openLocalStorage({ root })
  assert.deepEqual(readdirSync(root).sort(), [mine, elsewhere, '.holdfast-tmp-odd'].sort())
})

test('temporaries and the files inside plain-folder restore points are not listed', async (t) => {
  const root = folder(t)
  writeFileSync(join(root, temporaryName()), 'x')
  mkdirSync(join(root, 'point/.holdfast-0123456789abcdef'), { recursive: true })
  writeFileSync(join(root, 'point/file.zip'), 'x')
  mkdirSync(join(root, 'demo'))
  writeFileSync(join(root, 'demo/a.zip'), 'x')
  const storage = await openLocalStorage({ root })
  const keys: string[] = []
  for await (const item of storage.list('', signal)) keys.push(item.key)
  assert.deepEqual(keys, ['demo/a.zip'])
})

/** Lists as a user who is not root. */
async function listedByNobody(root: string, onDenied?: (folder: string) => void): Promise<string[]> {
  const storage = await openLocalStorage({ root })
  const keys: string[] = []
  process.seteuid?.('nobody')
  try {
    for await (const item of storage.list('', signal, onDenied)) keys.push(item.key)
  } finally {
    process.seteuid?.(0)
  }
  return keys.sort()
}

test('a folder that may not be read is told and passed over, or an error for who does not listen; lost+found is neither', async (t) => {
  const root = folder(t)
  chmodSync(root, 0o755)
  for (const name of ['demo', 'lost+found', 'closed', 'demo/names only']) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'a.zip'), 'x')
  }
  chmodSync(join(root, 'lost+found'), 0o700)
  assert.deepEqual(await listedByNobody(root), ['closed/a.zip', 'demo/a.zip', 'demo/names only/a.zip'])
  chmodSync(join(root, 'closed'), 0o700)
  chmodSync(join(root, 'demo/names only'), 0o744)
  const denied: string[] = []
  assert.deepEqual(await listedByNobody(root, (path) => denied.push(path)), ['demo/a.zip'])
  assert.deepEqual(denied.sort(), ['closed', 'demo/names only'])
  await assert.rejects(listedByNobody(root), { code: 'storage.denied' })
  chmodSync(root, 0o700)
  await assert.rejects(listedByNobody(root, () => undefined), { code: 'storage.denied' }, 'the place itself')
})

test('a full disk is told as such and leaves nothing', async (t) => {
  const root = folder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', root])
  try {
    const storage = await openLocalStorage({ root })
    async function* large(): AsyncGenerator<BodyChunk, void, undefined> {
      for (let i = 0; i < 30; i++) yield Buffer.alloc(100_000, 1)
    }
    await assert.rejects(storage.put('k', large(), fresh), { code: 'storage.full' })
    assert.deepEqual(readdirSync(root), [])
    assert.ok(((await storage.usage(signal)).freeBytes ?? 0) > 900_000)
  } finally {
    execFileSync('umount', [root])
  }
})

test('a place that may not be written to is told as denied', async (t) => {
  const root = folder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', root])
  try {
    const storage = await openLocalStorage({ root })
    await assert.rejects(storage.put('k', body('x'), fresh), { code: 'storage.denied' })
    await assert.rejects(openLocalStorage({ root: join(root, 'new') }), { code: 'storage.denied' })
  } finally {
    execFileSync('umount', [root])
  }
})

/** Puts `d/k` twice, the second time replacing, in a process that strace watches. */
function tracedPuts(root: string, trace: string, options: string[]): string {
  const module = new URL('../../src/storage/local.ts', import.meta.url).href
  const script = `import(${JSON.stringify(module)}).then(async (m) => { const s = await m.openLocalStorage({ root: ${JSON.stringify(root)} });
    async function* body() { yield Buffer.from('content') }
    const put = (replace) => s.put('d/k', body(), { replace, signal: new AbortController().signal });
    await put(false); await put(true); await put(false).catch((error) => console.log(error.code)) })`
  const { error, status, stdout, stderr } = spawnSync('strace', ['-f', '-y', '-o', trace, ...options, process.execPath, '--disable-warning=ExperimentalWarning', '-e', script], { encoding: 'utf8' })
  assert.equal(error, undefined, 'strace is missing: apt-get install strace')
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

test('bytes are on the disk before the name, and the name before put returns', async (t) => {
  const root = folder(t)
  const trace = join(folder(t), 'trace')
  tracedPuts(root, trace, ['-e', 'trace=fsync,link,linkat,rename,renameat2'])
  const calls = readFileSync(trace, 'utf8').split('\n').filter((line) => line.includes(root) && !line.includes('unlink'))
    .map((line) => (/(fsync|link|rename)\w*\(.*/.exec(line)?.[0] ?? '').replace(/\.holdfast-tmp-[\w-]+/g, 'TMP').replaceAll(root, 'ROOT').replace(/\d+</, '<').replace(/\).*$/, ')').replace(/>( <unfinished.*)?$/, '>)'))
  assert.deepEqual(calls.filter((call) => call !== ''), [
    'fsync(<ROOT/TMP>)', 'fsync(<ROOT>)', 'link("ROOT/TMP", "ROOT/d/k")', 'fsync(<ROOT/d>)',
    'fsync(<ROOT/TMP>)', 'rename("ROOT/TMP", "ROOT/d/k")', 'fsync(<ROOT/d>)',
  ])
})

test('where the file system knows no hardlinks a key is still never replaced', async (t) => {
  const root = folder(t)
  const trace = join(folder(t), 'trace')
  assert.equal(tracedPuts(root, trace, ['-e', 'trace=link,linkat', '-e', 'inject=link,linkat:error=EPERM']), 'storage.exists')
  assert.match(readFileSync(trace, 'utf8'), /EPERM.*INJECTED/)
  assert.deepEqual(readdirSync(root), ['d'])
  assert.equal(readFileSync(join(root, 'd/k'), 'utf8'), 'content')
})
