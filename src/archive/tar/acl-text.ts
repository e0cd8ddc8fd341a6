const tags = new Map([[0x01, 'user'], [0x02, 'user'], [0x04, 'group'], [0x08, 'group'], [0x10, 'mask'], [0x20, 'other']])
const named = new Set([0x02, 0x08])

/**
 * The text form of a POSIX ACL (IEEE 1003.1e draft 17, with numeric ids), as GNU tar and star keep it, from the kernel's
 * attribute (version 2: little-endian tag, permissions and id for each entry). Undefined for any other version.
 */
export function aclText(attribute: Uint8Array): string | undefined {
  const view = new DataView(attribute.buffer, attribute.byteOffset, attribute.length)
  if (attribute.length < 4 || (attribute.length - 4) % 8 !== 0 || view.getUint32(0, true) !== 2) return undefined
  const entries: string[] = []
  for (let at = 4; at < attribute.length; at += 8) {
    const tag = view.getUint16(at, true)
    const bits = view.getUint16(at + 2, true)
    const word = tags.get(tag)
    if (word === undefined) return undefined
    const rights = `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${(bits & 1) === 0 ? '-' : 'x'}`
    entries.push(`${word}:${named.has(tag) ? view.getUint32(at + 4, true) : ''}:${rights}`)
  }
  return entries.join(',')
}

const tagOf: Record<string, readonly [own: number, named: number]> = { user: [0x01, 0x02], group: [0x04, 0x08], mask: [0x10, 0x10], other: [0x20, 0x20] }

/** The kernel's attribute for an ACL in text form; undefined where it names accounts instead of numbers, or is not readable. */
export function aclAttribute(text: string): Uint8Array | undefined {
  const lines = text.split(/[,\n]/).map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')
  const attribute = new Uint8Array(4 + 8 * lines.length)
  const view = new DataView(attribute.buffer)
  view.setUint32(0, 2, true)
  for (const [index, line] of lines.entries()) {
    // GNU tar appends the number where it knows one: user:name:rwx:1000.
    const [word = '', name = '', rights = '', number = ''] = line.split(':')
    const tag = tagOf[word]?.[name === '' ? 0 : 1]
    const id = name === '' ? 0xffffffff : Number(number === '' ? name : number)
    if (tag === undefined || !/^[r-][w-][x-]$/.test(rights) || !Number.isInteger(id)) return undefined
    const at = 4 + 8 * index
    view.setUint16(at, tag, true)
    view.setUint16(at + 2, (rights[0] === 'r' ? 4 : 0) | (rights[1] === 'w' ? 2 : 0) | (rights[2] === 'x' ? 1 : 0), true)
    view.setUint32(at + 4, id, true)
  }
  return attribute
}
