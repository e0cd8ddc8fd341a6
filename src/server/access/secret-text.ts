import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits as 43 characters that are safe in headers, cookies and addresses. */
export function newSecretText(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * What is stored of a random secret. One round of SHA-256 is enough for 256 random bits, which nobody can guess; and a look-up
 * by it tells a watch nothing, since nobody can choose what a hash begins with.
 */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares in a time that does not depend on where, or in what length, the two differ. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(one)), Buffer.from(hashOf(other)))
}
