import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fileSafe } from '../../src/kit/file-safe.ts'

test('every name is safe as a file name, and different applications have different ones', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
    for (const name of [one, other, `../${one}`, `${one}\udc80`]) assert.match(fileSafe(name), /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/)
    if (one !== other) assert.notEqual(fileSafe(one), fileSafe(other))
  }), { numRuns: 500, seed: 7 })
  assert.equal(fileSafe('open.sta-manager_2'), 'open.sta-manager_2')
  assert.match(fileSafe('città/vecchia'), /^citta-vecchia-[0-9a-f]{8}$/)
})
