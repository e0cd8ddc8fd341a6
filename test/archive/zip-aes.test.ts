import { deepEqual, equal } from 'node:assert/strict'
import { createCipheriv, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AesContent, deriveKeysSync, encryptWhole } from '../../src/archive/zip/winzip-aes.ts'
import type { AesStrength } from '../../src/archive/zip/winzip-aes.ts'

const runs = { numRuns: 60, seed: 20_261_120 }

/** The same, block by block, as slow and plain as can be. */
function reference(plain: Uint8Array, password: string, salt: Uint8Array, strength: AesStrength): { cipherText: Buffer; mac: Buffer; verifier: Buffer } {
  const size = 8 + 8 * strength
  const keys = pbkdf2Sync(password, salt, 1000, 2 * size + 2, 'sha1')
  const output = Buffer.from(plain)
  for (let block = 0; block * 16 < plain.length; block++) {
    const counter = Buffer.alloc(16)
    counter.writeBigUInt64LE(BigInt(block + 1))
    const cipher = createCipheriv(`aes-${size * 8}-ecb`, keys.subarray(0, size), null).setAutoPadding(false)
    const stream = cipher.update(counter)
    for (let i = block * 16; i < Math.min(plain.length, block * 16 + 16); i++) output[i] = (output[i] ?? 0) ^ (stream[i % 16] ?? 0)
  }
  return { cipherText: output, mac: createHmac('sha1', keys.subarray(size, 2 * size)).update(output).digest().subarray(0, 10), verifier: keys.subarray(2 * size) }
}

test('the fast cipher gives what the slow one gives, in pieces of any size, and decrypts it', () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 0, maxLength: 3000 }), fc.constantFrom<AesStrength>(1, 2, 3), fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 12 }),
    (plain, strength, cuts) => {
      const salt = Buffer.alloc(4 + 4 * strength, 7)
      const expected = reference(plain, 'pässword', salt, strength)
      const keys = deriveKeysSync('pässword', salt, strength)
      const encrypting = new AesContent(keys)
      const decrypting = new AesContent(keys)
      const cipherText = Buffer.concat(pieces(plain, cuts).map((piece) => encrypting.encrypt(piece)))
      deepEqual(cipherText, expected.cipherText)
      deepEqual(encrypting.mac(), expected.mac)
      deepEqual(keys.verifier, expected.verifier)
      deepEqual(Buffer.concat(pieces(cipherText, cuts.toReversed()).map((piece) => decrypting.decrypt(piece))), Buffer.from(plain))
      equal(decrypting.matches(expected.mac), true)
    },
  ), runs)
})

test('content longer than one segment of the keystream is the same', () => {
  const plain = Buffer.alloc(300_001, 'long')
  const salt = Buffer.alloc(16, 1)
  const expected = reference(plain, 'x', salt, 3)
  deepEqual(Buffer.from(encryptWhole(plain, 'x', salt)), Buffer.concat([salt, expected.verifier, expected.cipherText, expected.mac]))
})

test('the input is left as it is', () => {
  const plain = Buffer.from('untouched')
  new AesContent(deriveKeysSync('x', Buffer.alloc(16), 3)).encrypt(plain)
  equal(plain.toString(), 'untouched')
})

function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const all: Uint8Array[] = []
  let at = 0
  for (const cut of cuts) {
    all.push(bytes.subarray(at, at + cut))
    at += cut
  }
  all.push(bytes.subarray(Math.min(at, bytes.length)))
  return all
}
