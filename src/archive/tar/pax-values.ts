import type { EntryKind } from '../../model/entry.ts'
import { damaged } from '../damaged.ts'
import { aclAttribute } from './acl-text.ts'
import { decodePaxTime } from './pax-records.ts'

const xattrPrefix = 'SCHILY.xattr.'
const kinds = new Map<string, EntryKind>([['symlink', 'symlink'], ['fifo', 'fifo'], ['char', 'char'], ['block', 'block']])

/** The extended values of one member, over those of the whole archive. */
export class PaxValues {
  readonly #values: Map<string, Uint8Array>
  /** GNU sparse 0.0 repeats its keys; elsewhere the last one counts. */
  readonly #sparse: number[] = []

  constructor(globals?: PaxValues) {
    this.#values = new Map(globals === undefined ? [] : globals.#values)
  }

  add(records: readonly (readonly [string, Uint8Array])[]): void {
    for (const [key, value] of records) {
      if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') this.#sparse.push(decimal(value))
      // An empty value takes back a global one (POSIX.1-2001, pax), but an attribute may be empty.
      else if (value.length === 0 && !key.startsWith(xattrPrefix)) this.#values.delete(key)
      else this.#values.set(key, value)
    }
  }

  bytes(key: string): Uint8Array | undefined {
    return this.#values.get(key)
  }

  /** @throws AppError `archive.damaged` where it is there and no number. */
  number(key: string): number | undefined {
    const value = this.#values.get(key)
    return value === undefined ? undefined : decimal(value)
  }

  timeNs(key: string): bigint | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    const timeNs = decodePaxTime(Buffer.from(value).toString('latin1'))
    if (timeNs === undefined) throw damaged('a time in an extended header is none')
    return timeNs
  }

  xattrs(): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    for (const [key, value] of this.#values) if (key.startsWith(xattrPrefix)) found.set(key.slice(xattrPrefix.length), value)
    for (const [key, name] of [['SCHILY.acl.access', 'system.posix_acl_access'], ['SCHILY.acl.default', 'system.posix_acl_default']] as const) {
      const text = this.#values.get(key)
      const attribute = text === undefined || found.has(name) ? undefined : aclAttribute(Buffer.from(text).toString('utf8'))
      if (attribute !== undefined) found.set(name, attribute)
    }
    return found
  }

  /** Offsets and lengths of GNU sparse 0.0 and 0.1. */
  sparseNumbers(): number[] {
    const map = this.#values.get('GNU.sparse.map')
    return map === undefined ? this.#sparse : map.length === 0 ? [] : Buffer.from(map).toString('latin1').split(',').map((text) => decimal(Buffer.from(text)))
  }

  /** Our own mark on a hardlink to something that is no plain file. */
  kind(): EntryKind | undefined {
    const value = this.#values.get('HOLDFAST.kind')
    return value === undefined ? undefined : kinds.get(Buffer.from(value).toString('latin1'))
  }
}

function decimal(value: Uint8Array): number {
  const text = Buffer.from(value).toString('latin1')
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw damaged('a number in an extended header is none')
  return number
}
