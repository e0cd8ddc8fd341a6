import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from './container-database.ts'
import type { Container } from './container.ts'
import { influxInContainer } from './influx-in-container.ts'
import { mariadbInContainer, mariadbNamed } from './mariadb-in-container.ts'
import { postgresInContainer, postgresNamed } from './postgres-in-container.ts'
import type { ContainerEngine } from './recognise-engine.ts'
import { redisInContainer } from './redis-in-container.ts'

/** The server in a running container with its databases. @throws AppError `database.unreachable`, `containers.*`, `process.missing`. */
export async function openContainerDatabases(container: Container, engine: ContainerEngine, login: LoginOptions, signal: AbortSignal): Promise<ContainerServer> {
  switch (engine) {
    case 'mariadb': return await mariadbInContainer(container, login, signal)
    case 'postgresql': return await postgresInContainer(container, login, signal)
    case 'influxdb': return await influxInContainer(container, login, signal)
    case 'redis': return await redisInContainer(container, login, signal)
  }
}

/** The database in a running container that a dump is imported into. @throws as `openContainerDatabases`. */
export async function openContainerTarget(container: Container, facts: DatabaseFacts, login: LoginOptions, signal: AbortSignal): Promise<ContainerDatabase> {
  const name = facts.container?.database ?? facts.name
  switch (facts.engine) {
    case 'mariadb': return await mariadbNamed(container, login, name, signal)
    case 'postgresql': return await postgresNamed(container, login, name, signal)
    case 'influxdb':
    case 'influxdb2': return only((await influxInContainer(container, login, signal)).databases)
    case 'redis': return only((await redisInContainer(container, login, signal)).databases)
    case 'sqlite': throw new AppError('internal', 'An SQLite database is a file')
  }
}

function only(databases: readonly ContainerDatabase[]): ContainerDatabase {
  const [first] = databases
  if (first === undefined) throw new AppError('internal', 'A server without a database')
  return first
}
