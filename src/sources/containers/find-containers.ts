import { realPath } from '../../disk/real-path.ts'
import type { Container, Mount } from './container.ts'
import { listContainers } from './container.ts'
import { Engine } from './engine-client.ts'

/**
 * The containers of an application: those of a compose file in its root or below, those that have a folder of it
 * mounted, and those named. @throws AppError `containers.unreachable`, `containers.denied`.
 */
export async function findContainers(sockets: readonly string[], root: string, named: ReadonlySet<string>, signal: AbortSignal): Promise<readonly Container[]> {
  const found: Container[] = []
  for (const socket of sockets) {
    const engine = await Engine.open(socket, signal)
    const all = await listContainers(engine, signal)
    const services = new Set(all.filter((container) => isOfComposeFile(container, root)).map(({ service }) => service))
    // A name that is one of its own services is not also that of somebody else's container.
    found.push(...all.filter((container) => belongs(container, root) || (named.has(container.name) && !services.has(container.name))))
  }
  return found
}

/** Whether a mount lies in the application's root. */
export function isInRoot(root: string, mount: Mount): boolean {
  return isWithin(root, realPath(mount.source))
}

/** The name by which the configuration and restore points know a container. */
export function callName({ service, name }: Pick<Container, 'service' | 'name'>): string {
  return service ?? name
}

function belongs(container: Container, root: string): boolean {
  return isOfComposeFile(container, root) || container.mounts.some((mount) => isInRoot(root, mount))
}

function isOfComposeFile({ service, projectFolder }: Container, root: string): boolean {
  return service !== undefined && projectFolder !== undefined && isWithin(root, realPath(projectFolder))
}

export function isWithin(root: string, path: string): boolean {
  return path === root || root === '/' || path.startsWith(`${root}/`)
}
