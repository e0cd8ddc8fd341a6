import { realpathSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { DatabaseConfig } from '../../config/config-schema.ts'

/** Which database of which server. */
export type DatabasePlace = Pick<Extract<DatabaseConfig, { type: 'mariadb' }>, 'name' | 'host' | 'port' | 'socket'>

const defaultPort = 3306

/**
 * Whether two descriptions may lead to one database. A socket and an address of this machine are taken for one server: which of its
 * servers a socket belongs to, only asking both would tell.
 */
export async function mayBeSameDatabase(one: DatabasePlace, other: DatabasePlace): Promise<boolean> {
  // Servers for whose names case does not matter are there too.
  if (one.name?.toLowerCase() !== other.name?.toLowerCase()) return false
  if (one.socket !== undefined && other.socket !== undefined) return realPath(one.socket) === realPath(other.socket)
  const [here, there] = await Promise.all([addressesOf(one), addressesOf(other)])
  if (one.socket === undefined && other.socket === undefined && (one.port ?? defaultPort) !== (other.port ?? defaultPort)) return false
  return here.some((address) => there.includes(address))
}

/** All of this machine count as one, `local`. */
async function addressesOf({ host, socket }: DatabasePlace): Promise<readonly string[]> {
  if (socket !== undefined || host === undefined) return ['local']
  const found = await lookup(host, { all: true }).then((all) => all.map(({ address }) => address), () => [host.toLowerCase()])
  return found.map((address) => isHere(address) ? 'local' : address)
}

function isHere(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(?:::ffff:)?127\./.test(address) || Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address))
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
