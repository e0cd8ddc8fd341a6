import { isIPv4, isIPv6 } from 'node:net'

/** What counts as one caller: an IPv4 address; for IPv6 its network of 64 bits, of which anyone at home has all addresses. */
export function addressBlock(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain) || !isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end stands for two groups.
  const backGroups = back.length + (back.at(-1)?.includes('.') === true ? 1 : 0)
  const groups = tail === undefined ? front : [...front, ...Array.from({ length: Math.max(0, 8 - front.length - backGroups) }, () => '0'), ...back]
  return groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}
