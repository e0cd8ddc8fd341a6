import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatByteSize, parseByteSize } from '../../src/kit/byte-size.ts'

test('sizes are read in decimal units, binary units and GNU letters', () => {
  const cases: Record<string, number> = { '0': 0, '12': 12, '12B': 12, '500MB': 500e6, '1.5 GiB': 1.5 * 1024 ** 3, '20G': 20 * 1024 ** 3, '2kB': 2000, '2KB': 2000, '2k': 2048, '1TB': 1e12, '1PiB': 1024 ** 5, '99999999PB': Number.MAX_SAFE_INTEGER }
  for (const [text, sizeBytes] of Object.entries(cases)) assert.equal(parseByteSize(text), sizeBytes, text)
})

test('what is no size is refused with an example', () => {
  for (const text of ['', 'MB', '-1', '1e3', '5 mb', '5XB', '1,5GB', '1.GB']) {
    assert.throws(() => parseByteSize(text), { code: 'usage', hint: /500MB/ }, text)
  }
})

test('sizes are printed with three digits', () => {
  const cases: [number, string][] = [[0, '0 B'], [999, '999 B'], [1000, '1 kB'], [1500, '1.5 kB'], [12_345, '12.3 kB'], [999_499, '999 kB'], [999_500, '1 MB'], [123_456_789, '123 MB'], [5e15, '5 PB'], [-1500, '-1.5 kB']]
  for (const [sizeBytes, text] of cases) assert.equal(formatByteSize(sizeBytes), text)
})

test('a printed size is read back within half a per cent', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (sizeBytes) => {
    assert.ok(Math.abs(parseByteSize(formatByteSize(sizeBytes)) - sizeBytes) <= sizeBytes * 0.0051)
  }), { seed: 1 })
})
