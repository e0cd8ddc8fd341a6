import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restoreRequestSchema } from '../../src/model/api/restore.ts'
import { emptyDraft, isComplete, requestOf } from '../../web/src/format/restore-draft.ts'
import { fileMark, nextPiece, waitBeforeTry } from '../../web/src/format/upload-plan.ts'

test('the restore asks for exactly what the plan was made for, and the typed name', () => {
  const draft = { ...emptyDraft, point: '0123456789abcdef', where: 'folder', folder: ' /srv/new ', databases: { shop: 'shop_copy', other: '', same: 'same' } } as const
  const plan = requestOf(draft)
  assert.deepEqual(plan, { point: '0123456789abcdef', what: 'all', target: '/srv/new', databases: { shop: 'shop_copy' } })
  const confirmed = { confirm: 'erp', plan: '0123456789abcdef0123456789abcdef' }
  assert.deepEqual(requestOf(draft, confirmed), { ...plan, ...confirmed })
  assert.ok(restoreRequestSchema.safeParse(requestOf(draft, confirmed)).success)
})

test('that an archive of another application is meant is told with the restore alone', () => {
  const upload = { id: 'u', app: 'shop', name: 'a.zip', sizeBytes: 1, receivedBytes: 1, state: 'ready', about: { app: 'late', host: '', startedAt: '2026-01-01T00:00:00.000Z', isOther: true } } as const
  const confirmed = { confirm: 'shop', plan: '0123456789abcdef0123456789abcdef' }
  const draft = { ...emptyDraft, point: 'upload:u', upload }
  assert.equal(requestOf(draft, confirmed).otherApplication, undefined)
  assert.equal(requestOf({ ...draft, isOtherMeant: true }).otherApplication, undefined)
  assert.equal(requestOf({ ...draft, isOtherMeant: true }, confirmed).otherApplication, 'late')
})

test('what belongs to another choice is left out', () => {
  const databases = { shop: 'copy' }
  assert.deepEqual(requestOf({ ...emptyDraft, point: 'p', what: 'files', paths: ['a'], databases }), { point: 'p', what: 'files', paths: ['a'] })
  assert.deepEqual(requestOf({ ...emptyDraft, point: 'p', what: 'database', paths: ['a'], databases, folder: '/x' }), { point: 'p', what: 'database', databases })
})

test('the assistant goes on only with a restore point and a whole path', () => {
  assert.equal(isComplete(emptyDraft, 'what'), false)
  assert.equal(isComplete({ ...emptyDraft, point: 'p' }, 'what'), true)
  assert.equal(isComplete({ ...emptyDraft, where: 'folder', folder: 'relative' }, 'where'), false)
  assert.equal(isComplete({ ...emptyDraft, where: 'folder', folder: ' /srv' }, 'where'), true)
})

test('an upload goes on where it was left, and ends with the last byte', () => {
  const size = 20 * 1024 * 1024
  let received = 0
  const pieces: number[] = []
  for (let piece = nextPiece(size, received); piece !== undefined; piece = nextPiece(size, received)) {
    assert.equal(piece.from, received)
    pieces.push(piece.to - piece.from)
    received = piece.to
  }
  assert.equal(received, size)
  assert.ok(pieces.length > 1 && pieces.every((bytes) => bytes > 0 && bytes <= 8 * 1024 * 1024))
  assert.equal(nextPiece(0, 0), undefined)
})

test('tries come ever more seldom, and end', () => {
  const waits = Array.from({ length: 9 }, (_, tries) => waitBeforeTry(tries) ?? 0)
  assert.deepEqual(waits.toSorted((a, b) => a - b), waits)
  assert.ok(waits.every((ms) => ms >= 500 && ms <= 30_000))
  assert.equal(waitBeforeTry(9), undefined)
})

test('another file of the same name is not taken for the one that was begun', () => {
  assert.notEqual(fileMark({ name: 'a.zip', size: 1, lastModified: 1 }), fileMark({ name: 'a.zip', size: 1, lastModified: 2 }))
})
