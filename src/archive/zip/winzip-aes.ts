import { createCipheriv, createHmac, pbkdf2, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { Cipheriv, Hmac } from 'node:crypto'
import { promisify } from 'node:util'

/** 1, 2 and 3 stand for AES with 128, 192 and 256 bits. */
export type AesStrength = 1 | 2 | 3

type AesKeys = { readonly strength: AesStrength; readonly cipherKey: Buffer; readonly macKey: Buffer; readonly verifier: Buffer }

export const verifierBytes = 2
export const macBytes = 10
/** Of AES-256, the strength that is written. */
export const strongest = 3 satisfies AesStrength
export const saltBytes = saltBytesOf(strongest)
/** What encryption adds to a member's content: salt and verifier before it, the authentication code after it. */
export const aesOverheadBytes = saltBytes + verifierBytes + macBytes

const iterations = 1000
const derive = promisify(pbkdf2)

export function saltBytesOf(strength: AesStrength): number {
  return 4 + 4 * strength
}

/**
 * Keys of one member, from WinZip's "AES Encryption Information" (https://www.winzip.com/en/support/aes-encryption/):
 * PBKDF2 with HMAC-SHA1 and 1000 rounds gives the cipher's key, the authentication key and two bytes that tell a wrong password.
 */
export async function deriveKeys(password: string, salt: Uint8Array, strength: AesStrength): Promise<AesKeys> {
  return splitKeys(await derive(password, salt, iterations, keyBytes(strength) * 2 + verifierBytes, 'sha1'), strength)
}

export function deriveKeysSync(password: string, salt: Uint8Array, strength: AesStrength): AesKeys {
  return splitKeys(pbkdf2Sync(password, salt, iterations, keyBytes(strength) * 2 + verifierBytes, 'sha1'), strength)
}

/** A member's content, encrypted as a whole: salt, verifier, cipher text, authentication code. */
export function encryptWhole(plain: Uint8Array, password: string, salt: Uint8Array): Uint8Array<ArrayBuffer> {
  const keys = deriveKeysSync(password, salt, strongest)
  const cipher = new AesContent(keys)
  const output = new Uint8Array(plain.length + aesOverheadBytes)
  output.set(salt)
  output.set(keys.verifier, saltBytes)
  const cipherText = cipher.encrypt(plain)
  output.set(cipherText, saltBytes + verifierBytes)
  // Buffers wait long for the garbage collector.
  cipherText.buffer.transfer(0)
  output.set(cipher.mac(), output.length - macBytes)
  return output
}

/** The content of one member on its way through the cipher; pieces of any size, in order. */
export class AesContent {
  readonly #keystream: Keystream
  readonly #hmac: Hmac

  constructor(keys: AesKeys) {
    this.#keystream = new Keystream(keys)
    this.#hmac = createHmac('sha1', keys.macKey)
  }

  encrypt(plain: Uint8Array): Uint8Array<ArrayBuffer> {
    const cipherText = this.#keystream.apply(plain)
    this.#hmac.update(cipherText)
    return cipherText
  }

  decrypt(cipherText: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#hmac.update(cipherText)
    return this.#keystream.apply(cipherText)
  }

  /** Once, at the end: HMAC-SHA1-80 of all cipher text. */
  mac(): Buffer {
    return this.#hmac.digest().subarray(0, macBytes)
  }

  /** Once, at the end, in place of `mac`. */
  matches(mac: Uint8Array): boolean {
    return timingSafeEqual(this.mac(), mac)
  }
}

const blockBytes = 16
const wordsPerBlock = blockBytes / 4
const segmentBlocks = 4096
// Filled and used within one call, so that one serves all members of a thread.
const counters = new Uint32Array(segmentBlocks * wordsPerBlock)

/**
 * AES in counter mode with a counter that starts at 1 and has its lowest byte first; OpenSSL's CTR counts the other way
 * round, so counter blocks are encrypted in bulk and combined here. The words below rely on a little-endian machine, as
 * all that Node is built for are.
 */
class Keystream {
  readonly #cipher: Cipheriv
  #nextBlock = 1
  /** Bytes of the block before `nextBlock` that are not used yet. */
  #rest = new Uint8Array(0)

  constructor(keys: AesKeys) {
    this.#cipher = createCipheriv(`aes-${keys.cipherKey.length === 32 ? 256 : keys.cipherKey.length === 24 ? 192 : 128}-ecb`, keys.cipherKey, null)
    this.#cipher.setAutoPadding(false)
  }

  apply(input: Uint8Array): Uint8Array<ArrayBuffer> {
    const head = Math.min(this.#rest.length, input.length)
    // The part that starts with a fresh block starts at a multiple of four in the buffer, so that it can be taken by words.
    const pad = (4 - (head % 4)) % 4
    const buffer = new Uint8Array(pad + input.length + 4)
    const output = buffer.subarray(pad, pad + input.length)
    output.set(input)
    for (let i = 0; i < head; i++) output[i] = (output[i] ?? 0) ^ (this.#rest[i] ?? 0)
    this.#rest = this.#rest.subarray(head)
    for (let at = head; at < input.length; at += segmentBlocks * blockBytes) {
      const length = Math.min(segmentBlocks * blockBytes, input.length - at)
      const stream = this.#next(Math.ceil(length / blockBytes))
      combine(buffer, pad + at, stream, length)
      this.#rest = new Uint8Array(stream.subarray(length))
      // It is as much as all content, and buffers wait long for the garbage collector.
      if (stream.length === stream.buffer.byteLength) stream.buffer.transfer(0)
    }
    return output
  }

  #next(blocks: number): Uint8Array<ArrayBuffer> {
    for (let i = 0; i < blocks; i++) {
      const counter = this.#nextBlock + i
      counters[i * wordsPerBlock] = counter >>> 0
      counters[i * wordsPerBlock + 1] = Math.floor(counter / 2 ** 32)
    }
    this.#nextBlock += blocks
    const stream = this.#cipher.update(new Uint8Array(counters.buffer, 0, blocks * blockBytes))
    return stream.byteOffset % 4 === 0 ? stream : new Uint8Array(stream)
  }
}

function combine(buffer: Uint8Array<ArrayBuffer>, start: number, stream: Uint8Array<ArrayBuffer>, length: number): void {
  const words = length >> 2
  const target = new Uint32Array(buffer.buffer, start, words)
  const source = new Uint32Array(stream.buffer, stream.byteOffset, words)
  for (let i = 0; i < words; i++) target[i] = (target[i] ?? 0) ^ (source[i] ?? 0)
  for (let i = words * 4; i < length; i++) buffer[start + i] = (buffer[start + i] ?? 0) ^ (stream[i] ?? 0)
}

function keyBytes(strength: AesStrength): number {
  return 8 + 8 * strength
}

function splitKeys(bytes: Buffer, strength: AesStrength): AesKeys {
  const size = keyBytes(strength)
  return { strength, cipherKey: bytes.subarray(0, size), macKey: bytes.subarray(size, size * 2), verifier: bytes.subarray(size * 2) }
}
