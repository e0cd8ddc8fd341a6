import { crc32, deflateRawSync } from 'node:zlib'

type Facts = {
  readonly name: string | Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly stored: number
  readonly plain: number
  readonly extra: Uint8Array
}

/** A member of a zip; what the directory says of it may differ from its local header. */
export type RawZipMember = {
  readonly name: string | Uint8Array
  readonly content?: Uint8Array
  /** The bytes as they lie there; made by deflating the content where it is not given. */
  readonly bytes?: Uint8Array
  readonly flags?: number
  readonly method?: number
  /** Unix mode with file type; 0 for none. */
  readonly mode?: number
  readonly extra?: Uint8Array
  readonly local?: Partial<Facts>
  readonly central?: Partial<Facts>
  /** Where the directory says that it lies; else where it does. */
  readonly offset?: number
  /** Times that it stands in the directory; 0 for not at all. */
  readonly listed?: number
}

export type RawZipEnd = { readonly entries?: number; readonly directoryBytes?: number; readonly directoryAt?: number; readonly zip64?: Uint8Array; readonly comment?: string }

/** A zip of these members with an end record that may lie. */
export function zip(members: readonly RawZipMember[], end: RawZipEnd = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  let entries = 0
  for (const member of members) {
    const { content = Buffer.alloc(0), listed = 1 } = member
    const method = member.method ?? 8
    const bytes = member.bytes ?? (method === 8 ? deflateRawSync(content) : content)
    const facts: Facts = { name: member.name, flags: member.flags ?? 0x800, method, crc: crc32(content), stored: bytes.length, plain: content.length, extra: member.extra ?? Buffer.alloc(0) }
    const body = Buffer.concat([localHeader({ ...facts, ...member.local }), bytes])
    for (let time = 0; time < listed; time++) directory.push(centralHeader({ ...facts, ...member.central }, member.mode ?? 0o100644, member.offset ?? at))
    entries += listed
    parts.push(body)
    at += body.length
  }
  const central = Buffer.concat(directory)
  return Buffer.concat([...parts, central, endRecord({ entries, directoryBytes: central.length, directoryAt: at, ...end })])
}

/** An extra field. */
export function extraField(id: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}

/** Numbers of eight bytes each, as zip64's field has them. */
export function zip64Field(...values: readonly bigint[]): Buffer {
  const data = Buffer.alloc(values.length * 8)
  for (const [index, value] of values.entries()) data.writeBigUInt64LE(value, index * 8)
  return extraField(1, data)
}

function localHeader(facts: Facts): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  common(header, 4, facts)
  return Buffer.concat([header, Buffer.from(facts.name), facts.extra])
}

function centralHeader(facts: Facts, mode: number, offset: number): Buffer {
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x0201_4b50, 0)
  header.writeUInt16LE(0x033f, 4)
  common(header, 6, facts)
  header.writeUInt32LE(mode * 0x1_0000, 38)
  header.writeUInt32LE(offset, 42)
  return Buffer.concat([header, Buffer.from(facts.name), facts.extra])
}

function common(header: Buffer, at: number, facts: Facts): void {
  header.writeUInt16LE(20, at)
  header.writeUInt16LE(facts.flags, at + 2)
  header.writeUInt16LE(facts.method, at + 4)
  header.writeUInt16LE(0x5a21, at + 8)
  header.writeUInt32LE(facts.crc, at + 10)
  header.writeUInt32LE(facts.stored, at + 14)
  header.writeUInt32LE(facts.plain, at + 18)
  header.writeUInt16LE(Buffer.from(facts.name).length, at + 22)
  header.writeUInt16LE(facts.extra.length, at + 24)
}

function endRecord({ entries = 0, directoryBytes = 0, directoryAt = 0, zip64: before, comment = '' }: RawZipEnd): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(entries % 65_536, 8)
  end.writeUInt16LE(entries % 65_536, 10)
  end.writeUInt32LE(directoryBytes, 12)
  end.writeUInt32LE(directoryAt, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([before ?? Buffer.alloc(0), end, Buffer.from(comment)])
}
