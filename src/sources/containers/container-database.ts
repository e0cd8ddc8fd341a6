import type { Database, Dump } from '../databases/database.ts'
import type { Container } from './container.ts'
import { callName } from './find-containers.ts'

/** A database in a container, reached by programs that are started in it. */
export interface ContainerDatabase extends Database {
  readonly container: Container
  /** How the names of its dumps end: `.sql`. */
  readonly dumpEnding: string
  /** Reads a dump that is to be imported; where that would do more than change databases it throws, before anything is touched. @throws AppError `database.unsafe`, `archive.damaged`. */
  readonly refuseUnsafe?: (content: AsyncIterable<Uint8Array>) => Promise<void>
  /** True where there is nothing that a safety dump could hold. */
  isEmpty(signal: AbortSignal): Promise<boolean>
  /** Drops all that is in it. */
  clear(signal: AbortSignal): Promise<void>
}

/** A server in a container. */
export interface ContainerServer {
  /** Those that are dumped: all that the user may see, or of these the ones that the configuration names. */
  readonly databases: readonly ContainerDatabase[]
  /** Its data folder, as the container sees it. */
  readonly dataFolder: string | undefined
  /** Databases that it holds besides, seen or not; undefined where that cannot be told. */
  notDumped(signal: AbortSignal): Promise<readonly string[] | undefined>
}

export type LoginOptions = {
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly databases?: readonly string[]
}

/** Databases of several containers may have one name. */
export function qualifiedName(container: Container, database: string): string {
  return `${callName(container)}/${database}`
}

/** A dump whose facts also tell from which container it is. */
export function placedDump(dump: Dump, container: Container, name: string, database: string | undefined): Dump {
  return {
    entry: dump.entry,
    facts: () => ({ ...dump.facts(), name, container: { name: callName(container), ...(container.service === undefined || container.project === undefined ? {} : { project: container.project }), ...(database === undefined ? {} : { database }) } }),
    [Symbol.asyncDispose]: async () => await dump[Symbol.asyncDispose](),
  }
}
