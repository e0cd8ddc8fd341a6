import { BlockList, isIP, isIPv6 } from 'node:net'

export type Reach = { readonly address: string; readonly secure: boolean; readonly host: string }

/**
 * Who asks, and by which name: behind a trusted proxy as that tells, else as the connection is. What a stranger writes into
 * `X-Forwarded-…` is never believed.
 */
export function reachOf(headers: Headers, peer: string, tls: boolean, isTrusted: (address: string) => boolean): Reach {
  const address = plainAddress(peer)
  const host = headers.get('host') ?? ''
  if (!isTrusted(address)) return { address, secure: tls, host }
  // From the right: what stands further left the client may have written itself.
  let client = address
  for (const part of (headers.get('x-forwarded-for') ?? '').split(',').map((text) => forwardedAddress(text.trim())).toReversed()) {
    // Whoever is no address was written by nobody that is believed; nor is anything before it.
    if (isIP(part) === 0) break
    client = part
    if (!isTrusted(part)) break
  }
  return { address: client, secure: tls || headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https', host: headers.get('x-forwarded-host') ?? host }
}

/** Tells whether an address is one of these addresses and networks (`10.0.0.0/8`). Those that cannot be read are none. */
export function trusting(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList()
  for (const text of list) {
    const [address = '', bits] = text.split('/')
    if (isIP(address) === 0) continue
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const most = family === 'ipv6' ? 128 : 32
    if (bits === undefined) known.addAddress(address, family)
    else if (Number(bits) <= most) known.addSubnet(address, Number(bits), family)
  }
  return (address) => isIP(address) !== 0 && known.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Some proxies write the port, too: `203.0.113.7:51234`, `[2001:db8::1]:443`. */
function forwardedAddress(text: string): string {
  return plainAddress(/^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text)
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/**
 * Whether a browser that was sent to this name may be answered: addresses, this machine's own name for itself, and the names of
 * the configuration. A name of somebody else that was made to lead here (DNS rebinding) is none of them.
 */
export function isOwnHost(host: string, hosts: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.some((own) => own.toLowerCase() === host.toLowerCase() || own.toLowerCase() === name)
}
