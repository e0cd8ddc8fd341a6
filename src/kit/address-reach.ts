import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * How far an address reaches. `never`: nothing that a request may have as its goal — unspecified, multicast, reserved, and
 * link-local, where clouds keep the credentials of their machines. `private`: this machine or a network of its own.
 */
export type AddressReach = 'public' | 'private' | 'never'

type Network = readonly [address: string, prefix: number]

// IANA's special-purpose address registries.
const never4: readonly Network[] = [['0.0.0.0', 8], ['169.254.0.0', 16], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4]]
const private4: readonly Network[] = [['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['198.18.0.0', 15]]
// fd00:ec2::254 is where one large cloud keeps its machines' credentials.
const never6: readonly Network[] = [['::', 128], ['100::', 64], ['2001:db8::', 32], ['fe80::', 10], ['ff00::', 8], ['2001::', 23], ['fd00:ec2::254', 128]]
const private6: readonly Network[] = [['::1', 128], ['64:ff9b:1::', 48], ['fc00::', 7], ['fec0::', 10]]

const [neverList, privateList] = [listOf(never4, never6), listOf(private4, private6)]

/** @param address as `dns.lookup` gives it; whatever is no address reaches nowhere. */
export function addressReach(address: string): AddressReach {
  // The zone of `fe80::1%eth0` is no part of the address.
  const plain = address.replace(/%.*$/s, '')
  if (isIP(plain) === 0) return 'never'
  const inner = isIPv6(plain) ? innerAddress(plain) : undefined
  if (inner !== undefined) return addressReach(inner)
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
  if (neverList.check(plain, family)) return 'never'
  return privateList.check(plain, family) ? 'private' : 'public'
}

/** The IPv4 address in one of IPv6 that only carries it: mapped, compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056). */
function innerAddress(address: string): string | undefined {
  const groups = groupsOf(address)
  const at = (from: number): string => [groups[from] ?? 0, groups[from + 1] ?? 0].flatMap((group) => [group >> 8, group & 0xff]).join('.')
  const starts = (...begin: readonly number[]): boolean => begin.every((group, index) => groups[index] === group)
  if (starts(0x2002)) return at(1)
  if (starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0, 0, 0, 0, 0, 0xffff)) return at(6)
  // `::` and `::1` are themselves.
  return starts(0, 0, 0, 0, 0, 0) && (groups[6] !== 0 || (groups[7] ?? 0) > 1) ? at(6) : undefined
}

function groupsOf(address: string): readonly number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, a: string, b: string, c: string, d: string) => `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`)
  const [before = '', after] = plain.split('::')
  const numbers = (text: string): number[] => text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [head, tail] = [numbers(before), after === undefined ? [] : numbers(after)]
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function listOf(networks4: readonly Network[], networks6: readonly Network[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of networks4) list.addSubnet(address, prefix, 'ipv4')
  for (const [address, prefix] of networks6) list.addSubnet(address, prefix, 'ipv6')
  return list
}
