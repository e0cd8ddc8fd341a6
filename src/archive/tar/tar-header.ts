export const blockBytes = 512

/** `0` file, `1` hardlink, `2` symlink, `3` char, `4` block, `5` dir, `6` fifo, `x` pax, `g` pax global, `L` `K` `S` GNU. */
type TypeFlag = string

export type HeaderFields = {
  /** At most 100 bytes. */
  name: Uint8Array
  /** At most 155 bytes; stands before the name with a `/` between. */
  prefix?: Uint8Array
  mode: number
  uid: number
  gid: number
  sizeBytes: number
  mtimeSeconds: number
  type: TypeFlag
  /** At most 100 bytes. */
  linkName?: Uint8Array
  /** At most 32 bytes. */
  user?: Uint8Array
  group?: Uint8Array
  rdev?: { readonly major: number; readonly minor: number }
}

/** Writes one ustar header block (POSIX.1-1988); numbers that need more room go in base-256, as GNU tar does. */
export function encodeHeader(target: Uint8Array, fields: HeaderFields): void {
  target.fill(0, 0, blockBytes)
  target.set(fields.name, 0)
  putNumber(target, 100, 8, fields.mode)
  putNumber(target, 108, 8, fields.uid)
  putNumber(target, 116, 8, fields.gid)
  putNumber(target, 124, 12, fields.sizeBytes)
  putNumber(target, 136, 12, fields.mtimeSeconds)
  target[156] = fields.type.charCodeAt(0)
  if (fields.linkName !== undefined) target.set(fields.linkName, 157)
  target.set(magic, 257)
  if (fields.user !== undefined) target.set(fields.user, 265)
  if (fields.group !== undefined) target.set(fields.group, 297)
  if (fields.rdev !== undefined) {
    putNumber(target, 329, 8, fields.rdev.major)
    putNumber(target, 337, 8, fields.rdev.minor)
  }
  if (fields.prefix !== undefined) target.set(fields.prefix, 345)
  putChecksum(target)
}

/** Sets another size in a header block. */
export function putSize(header: Uint8Array, sizeBytes: number): void {
  header.fill(0, 124, 136)
  putNumber(header, 124, 12, sizeBytes)
  putChecksum(header)
}

export type RawHeader = {
  name: Uint8Array
  prefix: Uint8Array
  mode: number
  uid: number
  gid: number
  sizeBytes: number
  mtimeSeconds: number
  type: TypeFlag
  linkName: Uint8Array
  user: Uint8Array
  group: Uint8Array
  rdev: { major: number; minor: number }
  /** GNU's own header: the place of the prefix holds other things. */
  gnu: boolean
}

/** Reads one header block; names are views of it. Undefined where its checksum is wrong or a number is none. */
export function decodeHeader(block: Uint8Array): RawHeader | undefined {
  if (!hasChecksum(block)) return undefined
  const ustar = block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && block[260] === 0x61 && block[261] === 0x72
  const gnu = ustar && block[262] === 0x20 && block[263] === 0x20 && block[264] === 0
  const mode = takeNumber(block, 100, 8)
  const uid = takeNumber(block, 108, 8)
  const gid = takeNumber(block, 116, 8)
  const sizeBytes = takeNumber(block, 124, 12)
  const mtimeSeconds = takeNumber(block, 136, 12)
  const major = ustar ? takeNumber(block, 329, 8) : 0
  const minor = ustar ? takeNumber(block, 337, 8) : 0
  if (mode === undefined || uid === undefined || gid === undefined || sizeBytes === undefined || sizeBytes < 0 || mtimeSeconds === undefined || major === undefined || minor === undefined) return undefined
  return {
    name: text(block, 0, 100),
    prefix: ustar && !gnu ? text(block, 345, 155) : new Uint8Array(0),
    mode, uid, gid, sizeBytes, mtimeSeconds,
    type: String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    user: ustar ? text(block, 265, 32) : new Uint8Array(0),
    group: ustar ? text(block, 297, 32) : new Uint8Array(0),
    rdev: { major, minor },
    gnu,
  }
}

/** Reads a number field: octal digits, or base-256 where the first bit is set. Undefined where it is neither. */
export function takeNumber(block: Uint8Array, at: number, length: number): number | undefined {
  const first = block[at] ?? 0
  if ((first & 0x80) !== 0) {
    let value = BigInt.asIntN(7, BigInt(first & 0x7f))
    for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[at + i] ?? 0)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : undefined
  }
  let i = at
  const end = at + length
  while (i < end && block[i] === 0x20) i += 1
  let value = 0
  for (; i < end; i++) {
    const digit = (block[i] ?? 0) - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; i < end; i++) if (block[i] !== 0 && block[i] !== 0x20) return undefined
  return value
}

const magic = Buffer.from('ustar\x0000', 'latin1')

function putNumber(target: Uint8Array, at: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    let rest = value
    let i = length - 2
    for (; rest > 0xffff_ffff; i--) {
      target[at + i] = 0x30 + (rest % 8)
      rest = Math.floor(rest / 8)
    }
    // Every file has some ten of these digits twice: the rest goes without floating point.
    for (; i >= 0; i--) {
      target[at + i] = 0x30 + (rest & 7)
      rest >>>= 3
    }
    return
  }
  let rest = BigInt(value)
  for (let i = length - 1; i >= 0; i--) {
    target[at + i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  target[at] = value < 0 ? 0xff : 0x80
}

function putChecksum(header: Uint8Array): void {
  header.fill(0x20, 148, 156)
  let sum = 0
  for (let i = 0; i < blockBytes; i++) sum += header[i] ?? 0
  // Six digits, a zero and a blank: the form that all tars write.
  for (let i = 5; i >= 0; i--) {
    header[148 + i] = 0x30 + (sum % 8)
    sum = Math.floor(sum / 8)
  }
  header[154] = 0
}

/** The stated sum must be that of the unsigned bytes, or of signed ones, as some old tars wrote it. */
function hasChecksum(block: Uint8Array): boolean {
  const stated = takeNumber(block, 148, 8)
  let plain = 8 * 0x20
  let high = 0
  for (let i = 0; i < blockBytes; i++) {
    if (i === 148) i = 156
    const byte = block[i] ?? 0
    plain += byte
    high += byte >> 7
  }
  return stated === plain || stated === plain - 256 * high
}

function text(block: Uint8Array, at: number, length: number): Uint8Array {
  const end = block.indexOf(0, at)
  return block.subarray(at, end === -1 || end > at + length ? at + length : end)
}
