import { BlockList, isIP } from 'node:net'
import { AppError } from '../../kit/app-error.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** An address to listen on, in its parts; an IPv6 address stands without its brackets. @throws AppError `usage`. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  if (match === null || port > 65535) throw new AppError('usage', `"${address}" is no address to listen on`, { hint: 'Write it as 127.0.0.1:7878.' })
  return { host: match[1] ?? match[2] ?? '', port }
}

/** Whether only this machine itself reaches that host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4'))
}
