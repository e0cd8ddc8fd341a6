import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import type { BodyChunk, Storage } from '../../src/model/storage.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'

const { signal } = new AbortController()

const storages: Record<string, (t: TestContext) => Promise<Storage>> = {
  local: async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
    t.after(() => rmSync(root, { recursive: true, force: true }))
    return openLocalStorage({ root: join(root, 'made/here') })
  },
  memory: async () => new MemoryStorage(),
}

async function* body(...chunks: (string | BodyChunk)[]): AsyncGenerator<BodyChunk, void, undefined> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const bytes of chunks) parts.push(bytes)
  return Buffer.concat(parts).toString('utf8')
}

async function keys(storage: Storage, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const item of storage.list(prefix, signal)) found.push(item.key)
  return found.sort()
}

const fresh = { replace: false, signal }
const over = { replace: true, signal }

for (const [name, open] of Object.entries(storages)) {
  test(`${name}: what was put is given back and listed, with its size`, async (t) => {
    await using storage = await open(t)
    assert.deepEqual(await storage.put('a/b c/ü.zip', body('one', 'two'), fresh), { sizeBytes: 6 })
    assert.equal(await text(storage.get('a/b c/ü.zip', undefined, signal)), 'onetwo')
    for await (const item of storage.list('', signal)) {
      assert.deepEqual([item.key, item.sizeBytes], ['a/b c/ü.zip', 6])
      assert.ok(Math.abs(item.modifiedAt.getTime() - Date.now()) < 60_000)
    }
  })

  test(`${name}: a name that is no UTF-8 is a key like any other`, async (t) => {
    await using storage = await open(t)
    await storage.put('odd-\udcff', body('x'), fresh)
    assert.equal(await text(storage.get('odd-\udcff', undefined, signal)), 'x')
  })

  test(`${name}: ranges are exact, also empty ones and over many chunks`, async (t) => {
    await using storage = await open(t)
    const all = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
    await storage.put('k', body(all), fresh)
    for (const [start, end] of [[0, 1], [5, 5], [65_530, 65_545], [100_000, 300_000], [299_999, 300_000], [300_000, 300_000]] as const) {
      assert.equal(await text(storage.get('k', { start, end }, signal)), all.slice(start, end))
    }
    for (const [start, end] of [[-1, 1], [5, 4], [0, 300_001]] as const) await assert.rejects(text(storage.get('k', { start, end }, signal)), { code: 'storage.failed' })
  })

  test(`${name}: patches write over earlier bytes of the body`, async (t) => {
    await using storage = await open(t)
    await storage.put('k', body('0123456789', { at: 2, bytes: Buffer.from('AB') }, 'xyz', { at: 9, bytes: Buffer.from('CDE') }), fresh)
    assert.equal(await text(storage.get('k', undefined, signal)), '01AB45678CDEz')
  })

  test(`${name}: an existing key is kept unless it is to be replaced`, async (t) => {
    await using storage = await open(t)
    await storage.put('k', body('first'), fresh)
    await assert.rejects(storage.put('k', body('second'), fresh), { code: 'storage.exists' })
    assert.equal(await text(storage.get('k', undefined, signal)), 'first')
    await storage.put('k', body('third'), over)
    assert.equal(await text(storage.get('k', undefined, signal)), 'third')
  })

  test(`${name}: of two puts of the same key at the same time one wins and the other is told`, async (t) => {
    await using storage = await open(t)
    const results = await Promise.allSettled(['one', 'two', 'three'].map(async (word) => storage.put('k', body(word), fresh)))
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) if (result.status === 'rejected') assert.equal((result.reason as AppError).code, 'storage.exists')
    assert.match(await text(storage.get('k', undefined, signal)), /^(one|two|three)$/)
  })

  test(`${name}: a body that fails leaves nothing, and its error is thrown as it is`, async (t) => {
    await using storage = await open(t)
    await storage.put('k', body('old'), fresh)
    const failure = new AppError('database.dump', 'gone')
    async function* broken(): AsyncGenerator<BodyChunk, void, undefined> {
      yield Buffer.from('new')
      throw failure
    }
    await assert.rejects(storage.put('k', broken(), over), failure)
    await assert.rejects(storage.put('other', broken(), fresh), failure)
    assert.deepEqual(await keys(storage), ['k'])
    assert.equal(await text(storage.get('k', undefined, signal)), 'old')
  })

  test(`${name}: a cancelled put leaves no key behind and ends the body`, async (t) => {
    await using storage = await open(t)
    const controller = new AbortController()
    let ended = false
    async function* long(): AsyncGenerator<BodyChunk, void, undefined> {
      try {
        for (let i = 0; i < 100; i++) {
          if (i === 3) controller.abort()
          yield Buffer.alloc(1000)
        }
      } finally {
        ended = true
      }
    }
    await assert.rejects(storage.put('k', long(), { replace: false, signal: controller.signal }))
    assert.equal(ended, true)
    assert.deepEqual(await keys(storage), [])
  })

  test(`${name}: nothing of a key is seen before put has returned`, async (t) => {
    await using storage = await open(t)
    async function* looking(): AsyncGenerator<BodyChunk, void, undefined> {
      yield Buffer.from('part')
      assert.deepEqual(await keys(storage), [])
      await assert.rejects(text(storage.get('k', undefined, signal)), { code: 'storage.missing' })
      yield Buffer.from('rest')
    }
    await storage.put('k', looking(), fresh)
    assert.deepEqual(await keys(storage), ['k'])
  })

  test(`${name}: a missing key is told by get and is no error for remove`, async (t) => {
    await using storage = await open(t)
    await assert.rejects(text(storage.get('none/at/all', undefined, signal)), { code: 'storage.missing' })
    await storage.remove('none/at/all', signal)
    await storage.put('k', body('x'), fresh)
    await storage.remove('k', signal)
    assert.deepEqual(await keys(storage), [])
  })

  test(`${name}: list takes a prefix of the key, not only whole folders`, async (t) => {
    await using storage = await open(t)
    for (const key of ['demo/a-1', 'demo/a-2', 'demo/b', 'demo2/a-1', 'top']) await storage.put(key, body('x'), fresh)
    assert.deepEqual(await keys(storage, 'demo/a'), ['demo/a-1', 'demo/a-2'])
    assert.deepEqual(await keys(storage, 'demo'), ['demo/a-1', 'demo/a-2', 'demo/b', 'demo2/a-1'])
    assert.deepEqual(await keys(storage, 'demo/'), ['demo/a-1', 'demo/a-2', 'demo/b'])
    assert.deepEqual(await keys(storage, 'none/x'), [])
  })

  test(`${name}: keys that leave the place are refused`, async (t) => {
    await using storage = await open(t)
    for (const key of ['', '/etc/passwd', '../x', 'a/../../x', 'a//b', './a', 'a/', 'a\0b', '.holdfast-tmp-x', 'a/.holdfast-tmp-x']) {
      await assert.rejects(storage.put(key, body('x'), over), { code: 'storage.failed' }, key)
      await assert.rejects(text(storage.get(key, undefined, signal)), { code: 'storage.failed' }, key)
      await assert.rejects(storage.remove(key, signal), { code: 'storage.failed' }, key)
    }
    assert.deepEqual(await keys(storage), [])
  })
}
