import type { Container } from './container.ts'

export type ContainerEngine = 'mariadb' | 'postgresql' | 'influxdb' | 'redis'

const servers: readonly (readonly [RegExp, ContainerEngine])[] = [
  [/^(?:mariadbd|mysqld|mariadbd-safe|mysqld_safe)$/, 'mariadb'],
  [/^postgres$/, 'postgresql'],
  [/^influxd$/, 'influxdb'],
  [/^(?:redis-server|valkey-server)$/, 'redis'],
]
// Images that start their server from a script of their own: linuxserver/mariadb, bitnami/postgresql.
const images: readonly (readonly [RegExp, ContainerEngine])[] = [
  [/^(?:mariadb|mysql|percona(?:-server)?)(?:-server)?$/, 'mariadb'],
  [/^(?:postgres|postgresql|postgis|timescaledb)$/, 'postgresql'],
  [/^influxdb2?$/, 'influxdb'],
  [/^(?:redis|valkey)(?:-server)?$/, 'redis'],
]

/** Which database server a container is, told by the command that it runs, else by the name of its image. */
export function recogniseEngine({ command, image }: Pick<Container, 'command' | 'image'>): ContainerEngine | undefined {
  for (const word of command.slice(0, 4)) {
    const program = word.split('/').at(-1) ?? ''
    const found = servers.find(([name]) => name.test(program))
    if (found !== undefined) return found[1]
  }
  const name = (image.split('@')[0] ?? '').split('/').at(-1)?.replace(/:.*$/, '').toLowerCase() ?? ''
  return images.find(([pattern]) => pattern.test(name))?.[1]
}
