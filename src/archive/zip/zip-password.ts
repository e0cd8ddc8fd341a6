import { AppError } from '../../kit/app-error.ts'
import type { Secret } from '../../kit/secret.ts'
import { damaged } from '../damaged.ts'
import { AesContent, deriveKeys, macBytes, saltBytesOf, verifierBytes } from './winzip-aes.ts'
import type { AesStrength } from './winzip-aes.ts'

/** The password of one archive, and whether a member has proven it: then what does not fit is damage. */
export class ZipPassword {
  readonly #password: string | undefined
  #proven = false

  constructor(password: Secret | undefined) {
    this.#password = password?.reveal()
  }

  get isGiven(): boolean {
    return this.#password !== undefined
  }

  /** `before`: salt and verifier of a member. @throws AppError `archive.password`, `archive.damaged`. */
  async open(before: Uint8Array, strength: AesStrength): Promise<AesContent> {
    if (this.#password === undefined) throw new AppError('archive.password', 'The archive is encrypted', { hint: 'Give its password.' })
    const saltEnd = saltBytesOf(strength)
    const keys = await deriveKeys(this.#password, before.subarray(0, saltEnd), strength)
    if (!keys.verifier.equals(before.subarray(saltEnd))) {
      if (this.#proven) throw damaged('the head of an encrypted member has changed')
      throw wrongPassword()
    }
    return new AesContent(keys)
  }

  /** Compares a member's authentication code; `intact` where its stored bytes are known to be as they were written. */
  check(content: AesContent, mac: Uint8Array, intact: boolean): void {
    if (content.matches(mac)) {
      this.#proven = true
      return
    }
    // One wrong password in 65,536 passes the verifier.
    if (intact && !this.#proven) throw wrongPassword()
    throw damaged('an encrypted member fails its authentication')
  }
}

export function encryptedBytesLeast(strength: AesStrength): number {
  return saltBytesOf(strength) + verifierBytes + macBytes
}

function wrongPassword(): AppError {
  return new AppError('archive.password', 'The password is wrong', { hint: 'Give the password that the archive was written with.' })
}
