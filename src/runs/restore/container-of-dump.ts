import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Container } from '../../sources/containers/container.ts'
import { callName } from '../../sources/containers/find-containers.ts'

type Candidate = { readonly container: Pick<Container, 'id' | 'name' | 'service' | 'project' | 'isOneOff' | 'state'> & { readonly engine: { readonly socket: string } } }

/**
 * The container that a dump goes back into: that of its service and project, or of its name where it belongs to none; undefined where
 * there is none at all. Points of earlier versions do not tell the project.
 * @throws AppError `containers.ambiguous` where several may be meant, or those of another project alone are there.
 */
export function containerOfDump<T extends Candidate>(containers: readonly T[], { name: database, container: saved }: DatabaseFacts): T | undefined {
  const named = containers.filter(({ container }) => !container.isOneOff && callName(container) === saved?.name)
  const own = named.filter(({ container }) => saved?.project === undefined || container.project === saved.project)
  if (own.length === 0 && named.length > 0) {
    throw new AppError('containers.ambiguous', `${database} belongs to the service ${saved?.name ?? ''} of the project ${saved?.project ?? ''}, of which no container is here; ${namesOf(named)} belongs to another project`, {
      hint: `Start it under its project's name ("docker compose -p ${saved?.project ?? ''} up -d ${saved?.name ?? ''}"); or restore with --only files, and load the dump by hand.`,
    })
  }
  const running = own.filter(({ container }) => container.state === 'running')
  if (running.length > 1 || new Set(own.map(({ container }) => JSON.stringify([container.engine.socket, container.project]))).size > 1) {
    throw new AppError('containers.ambiguous', `Which container ${database} belongs into is not clear: ${namesOf(own)}`, {
      hint: 'Remove those that it is not ("docker rm", "docker compose -p PROJECT down"; their data stays); or restore with --only files, and load the dump by hand.',
    })
  }
  return running[0] ?? own[0]
}

/** The one would be imported over the other. @throws AppError `containers.ambiguous`. */
export function refuseOneTarget(importing: readonly { readonly facts: DatabaseFacts; readonly found: Candidate }[]): void {
  const earlier = new Map<string, string>()
  for (const { facts: { name, path, container: saved }, found: { container } } of importing) {
    const target = JSON.stringify([container.engine.socket, container.id, saved?.database])
    const other = earlier.get(target)
    if (other !== undefined) throw new AppError('containers.ambiguous', `The dumps ${other} and ${path} would both be imported into ${name} in the container ${container.name}`, { hint: 'Restore with --only files, and load the one that belongs there by hand.' })
    earlier.set(target, path)
  }
}

function namesOf(containers: readonly Candidate[]): string {
  return containers.map(({ container }) => container.project === undefined ? container.name : `${container.name} (project ${container.project})`).join(', ')
}
