import { posix } from 'node:path'
import type { Container } from './container.ts'
import { isWithin } from '../../disk/is-within.ts'
import type { ContainerEngine } from './recognise-engine.ts'

/** What says where the data lie, and where the known images (official, LinuxServer, Bitnami) have them. */
const places: Record<ContainerEngine, { readonly option: RegExp; readonly variables: readonly string[]; readonly usual: readonly [string, ...string[]] }> = {
  mariadb: { option: /^--datadir(?:=|$)/, variables: [], usual: ['/var/lib/mysql', '/config/databases', '/bitnami/mariadb', '/bitnami/mysql'] },
  postgresql: { option: /^-D|^--data-directory=/, variables: ['PGDATA', 'POSTGRESQL_DATA_DIR'], usual: ['/var/lib/postgresql/data', '/bitnami/postgresql'] },
  influxdb: { option: /^--engine-path(?:=|$)/, variables: ['INFLUXD_ENGINE_PATH', 'INFLUXDB_DATA_DIR'], usual: ['/var/lib/influxdb2', '/var/lib/influxdb'] },
  redis: { option: /^--dir$/, variables: [], usual: ['/data', '/bitnami/redis/data'] },
}

/**
 * Where a server that cannot be asked keeps its data, as its container sees it: what its command or its environment says, else the
 * first usual folder that something is mounted at or above.
 */
export function likelyDataFolder({ command, environment, mounts }: Pick<Container, 'command' | 'environment' | 'mounts'>, engine: ContainerEngine): string {
  const { option, variables, usual } = places[engine]
  const at = command.findIndex((word) => option.test(word))
  const given = at < 0 ? undefined : command[at]?.replace(option, '') || command[at + 1]
  const named = given ?? variables.map((name) => environment.get(name)).find((value) => value !== undefined && value !== '')
  if (named !== undefined && named.startsWith('/')) return named
  return usual.find((folder) => mounts.some(({ destination }) => destination !== '' && isWithin(posix.normalize(destination).replace(/(.)\/$/, '$1'), folder))) ?? usual[0]
}
