import { createHash } from 'node:crypto'

/**
 * A name as one level of a topic and as an id of Home Assistant, which takes letters, digits, `_` and `-` alone: the name itself
 * where it is such a one, otherwise what is left of it with a hash, so that different names stay different.
 */
export function topicName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name
  const hash = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, 8)
  const words = name.normalize('NFKD').replace(/\p{M}+/gu, '').replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 48)
  return `${words}-${hash}`
}
