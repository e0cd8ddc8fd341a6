import { damaged } from '../damaged.ts'

/** A value's bytes; a string holds ASCII only. */
export type PaxRecord = readonly [key: string, value: Uint8Array | string]

/** Extended header records (POSIX.1-2001 pax): each `length key=value\n`, the length counting itself; values are bytes. */
export function encodePax(records: readonly PaxRecord[]): Buffer {
  // Nearly every file has its time only.
  const [first] = records
  if (records.length === 1 && first !== undefined && typeof first[1] === 'string') return encodeRecord(first[0], first[1])
  return Buffer.concat(records.map(([key, value]) => encodeRecord(key, typeof value === 'string' ? value : Buffer.from(value).toString('latin1'))))
}

/** `value` has a character for each byte. */
function encodeRecord(key: string, value: string): Buffer {
  const name = Buffer.from(key, 'utf8').toString('latin1')
  const rest = 1 + name.length + 1 + value.length + 1
  let length = rest + String(rest).length
  if (length !== rest + String(length).length) length = rest + String(length).length
  return Buffer.from(`${length} ${name}=${value}\n`, 'latin1')
}

/** Reads records in order; a key may stand more than once. @throws AppError `archive.damaged`. */
export function decodePax(bytes: Uint8Array): [key: string, value: Uint8Array][] {
  const records: [string, Uint8Array][] = []
  let at = 0
  while (at < bytes.length) {
    const blank = bytes.indexOf(0x20, at)
    const digits = blank === -1 || blank - at > 8 ? '' : Buffer.from(bytes.subarray(at, blank)).toString('latin1')
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0
    const end = at + length
    const equals = bytes.indexOf(0x3d, blank)
    if (length === 0 || end > bytes.length || equals === -1 || equals >= end - 1 || bytes[end - 1] !== 0x0a) {
      throw damaged('an extended header is not readable')
    }
    records.push([Buffer.from(bytes.subarray(blank + 1, equals)).toString('utf8'), bytes.slice(equals + 1, end - 1)])
    at = end
  }
  return records
}

/** `seconds.nanoseconds` as pax times are written, without needless zeros. */
export function encodePaxTime(timeNs: bigint): string {
  const negative = timeNs < 0n
  const size = negative ? -timeNs : timeNs
  const fraction = Number(size % 1_000_000_000n)
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(9, '0')}`
  return `${negative ? '-' : ''}${size / 1_000_000_000n}${fraction % 10 === 0 ? digits.replace(/0+$/, '') : digits}`
}

/** Nanoseconds of a pax time, digits beyond cut; undefined where it is none. */
export function decodePaxTime(text: string): bigint | undefined {
  const [, sign, seconds, fraction] = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text) ?? []
  if (seconds === undefined) return undefined
  const size = BigInt(seconds) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0').slice(0, 9))
  return sign === '-' ? -size : size
}
