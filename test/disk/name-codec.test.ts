import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareNames, sortNames } from '../../src/disk/compare-names.ts'
import { decodeName, encodeName, isOddName, systemPath } from '../../src/disk/name-codec.ts'

const seed = 20_261_120

test('any bytes come back from their name', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    deepEqual(new Uint8Array(encodeName(decodeName(bytes))), bytes)
  }), { seed, numRuns: 5000 })
})

test('bytes near the borders of UTF-8 come back, too', () => {
  const near = fc.constantFrom(0x00, 0x2f, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xa0, 0x9f, 0xed, 0xef, 0xf0, 0x90, 0x8f, 0xf4, 0xf5, 0xff, 0xbb)
  fc.assert(fc.property(fc.array(near, { maxLength: 12 }), (bytes) => {
    deepEqual([...encodeName(decodeName(Uint8Array.from(bytes)))], bytes)
  }), { seed, numRuns: 5000 })
})

test('valid UTF-8 is unchanged and given to the system as it is', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()), (text) => {
    equal(decodeName(Buffer.from(text, 'utf8')), text)
    equal(isOddName(text), false)
    deepEqual(Buffer.from(systemPath(text)), Buffer.from(text, 'utf8'))
  }), { seed, numRuns: 2000 })
  equal(decodeName(Buffer.from('\ufeffa')), '\ufeffa')
})

test('a byte that is no UTF-8 stands as its lone surrogate', () => {
  equal(decodeName(Buffer.from([0x61, 0xe9, 0x62])), 'a\udce9b')
  ok(isOddName('a\udce9b'))
  deepEqual(systemPath('a\udce9b'), Buffer.from([0x61, 0xe9, 0x62]))
})

test('names sort by their bytes', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 6 }), { maxLength: 8 }), (names) => {
    const expected = names.map((name) => Buffer.from(name)).sort(Buffer.compare)
    deepEqual(sortNames(names.map(decodeName)).map((name) => encodeName(name)), expected)
  }), { seed, numRuns: 2000 })
  ok(compareNames('\uffff', '\u{10000}') < 0)
  ok(compareNames('a', 'B') > 0)
})
