import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** What one guess costs: memory in KiB, passes over it, lanes. */
export type PasswordCost = { readonly memoryKib: number; readonly passes: number; readonly lanes: number }

/**
 * 32 MiB and three passes: more than the least that OWASP's password storage cheat sheet asks for (19 MiB, two passes), and
 * half the memory of RFC 9106's second choice (64 MiB), since a Raspberry Pi with 1 GB runs the applications too. One lane:
 * Node's threads are needed elsewhere. 0.1 s on a desktop's core, some tenths of a second on a Pi 4. Each hash carries
 * its own cost, so that a later version can raise it: the next sign-in then writes a new hash.
 */
export const currentCost: PasswordCost = { memoryKib: 32 * 1024, passes: 3, lanes: 1 }

const derive = promisify(argon2)
const tagBytes = 32

/** The PHC string (`$argon2id$v=19$m=…,t=…,p=…$salt$tag`) of a password with a fresh salt. Source: RFC 9106; PHC string format. */
export async function hashPassword(password: string, cost: PasswordCost): Promise<string> {
  const salt = randomBytes(16)
  const tag = await tagOf(password, salt, cost)
  return `$argon2id$v=19$${costText(cost)}$${unpadded(salt)}$${unpadded(tag)}`
}

/** Whether the password is the one that was hashed. A text that is no such hash matches nothing. */
export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  const parsed = parse(stored)
  if (parsed === undefined) return false
  return timingSafeEqual(await tagOf(password, parsed.salt, parsed.cost), parsed.tag)
}

/** Whether a hash was made with another cost than this one. */
export function hasOtherCost(stored: string, cost: PasswordCost): boolean {
  return stored.split('$')[3] !== costText(cost)
}

// NFKC, as NIST SP 800-63B (5.1.1.2) asks for: the same letters typed on another system may come as other code points.
async function tagOf(password: string, nonce: Uint8Array, cost: PasswordCost): Promise<Buffer> {
  return await derive('argon2id', { message: password.normalize('NFKC'), nonce, parallelism: cost.lanes, tagLength: tagBytes, memory: cost.memoryKib, passes: cost.passes })
}

function parse(stored: string): { salt: Buffer; tag: Buffer; cost: PasswordCost } | undefined {
  const [, memory, passes, lanes, salt, tag] = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{43})$/.exec(stored) ?? []
  if (salt === undefined || tag === undefined) return undefined
  return { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64'), cost: { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) } }
}

function costText(cost: PasswordCost): string {
  return `m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}`
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
