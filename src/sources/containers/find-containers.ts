import { isWithin } from '../../disk/is-within.ts'
import { realPath } from '../../disk/real-path.ts'
import type { Container, Mount } from './container.ts'
import { listContainers } from './container.ts'
import { Engine } from './engine-client.ts'
import type { EngineVolume } from './engine-volumes.ts'
import { boundFolder, isInMemory, listVolumes } from './engine-volumes.ts'

export type Wanted = {
  readonly root: string
  /** Containers or services that belong to the application wherever their files are. */
  readonly named: ReadonlySet<string>
  /** Names of the compose projects whose files lie in the root. */
  readonly projects: ReadonlySet<string>
  /** Names of volumes that are meant though nothing that belongs to the application uses them. */
  readonly volumeNames?: ReadonlySet<string>
}

export type Found = {
  readonly containers: readonly Container[]
  /** Containers of others that can write into one of the volumes. */
  readonly sharers: readonly Container[]
  /** Named volumes of the application that lie outside its root. */
  readonly volumes: readonly EngineVolume[]
  /** Those among them that lie in memory alone, and are not to be saved. */
  readonly inMemory: readonly EngineVolume[]
}

/**
 * The containers of an application: those of a compose file in its root or below, those that have a folder of it
 * mounted, and those named. Its volumes: those that they use, and those that its compose projects have made, whose containers may be
 * gone (`docker compose down`). @throws AppError `containers.unreachable`, `containers.denied`.
 */
export async function findContainers(sockets: readonly string[], wanted: Wanted, signal: AbortSignal): Promise<Found> {
  const found = await Promise.all(sockets.map(async (socket) => await findAt(await Engine.open(socket, signal), wanted, signal)))
  return {
    containers: found.flatMap(({ containers }) => containers), sharers: found.flatMap(({ sharers }) => sharers),
    volumes: found.flatMap(({ volumes }) => volumes), inMemory: found.flatMap(({ inMemory }) => inMemory),
  }
}

/** Whether a mount lies in the application's root. */
export function isInRoot(root: string, mount: Mount): boolean {
  return isWithin(root, realPath(mount.source))
}

/** The name by which the configuration and restore points know a container. */
export function callName({ service, name }: Pick<Container, 'service' | 'name'>): string {
  return service ?? name
}

async function findAt(engine: Engine, { root, named, projects, volumeNames = new Set() }: Wanted, signal: AbortSignal): Promise<Found> {
  const known = new Map((await listVolumes(engine, signal)).map((volume) => [volume.name, volume]))
  const all = (await listContainers(engine, signal)).map((container) => ({ ...container, mounts: container.mounts.map((mount) => seenThrough(mount, known)) }))
  const services = new Set(all.filter((container) => isOfProjectIn(container, root)).map(({ service }) => service))
  // A name that is one of its own services is not also that of somebody else's container.
  const containers = all.filter((container) => belongs(container, root) || (named.has(container.name) && !services.has(container.name)))
  const ours = new Set([...projects].filter((project) => !all.some((container) => container.project === project && container.projectFolder !== undefined && !isOfProjectIn(container, root))))
  for (const container of containers) if (container.project !== undefined && isOfProjectIn(container, root)) ours.add(container.project)
  const wanted = new Map<string, EngineVolume>()
  for (const volume of known.values()) if (volumeNames.has(volume.name) || projectsOf(volume).some((project) => ours.has(project))) wanted.set(volume.name, volume)
  for (const { name, source } of containers.flatMap(({ mounts }) => mounts)) {
    if (name !== undefined) wanted.set(name, known.get(name) ?? { engine, name, folder: source, driver: 'local', options: {}, labels: {} })
  }
  const outside = [...wanted.values()].filter(({ folder }) => !isWithin(root, realPath(folder)))
  const volumes = outside.filter((volume) => !isInMemory(volume))
  const sharers = all.filter((container) => !containers.includes(container) && container.mounts.some((mount) => mount.writable && volumes.some((volume) => reaches(mount, volume))))
  return { containers, sharers, volumes, inMemory: outside.filter(isInMemory) }
}

/** A volume that is another name of a folder is that folder. */
function seenThrough(mount: Mount, known: ReadonlyMap<string, EngineVolume>): Mount {
  const volume = mount.name === undefined ? undefined : known.get(mount.name)
  const folder = volume === undefined ? undefined : boundFolder(volume)
  return folder === undefined ? mount : { ...mount, source: folder }
}

function reaches({ name, source }: Mount, volume: EngineVolume): boolean {
  return name === volume.name || (volume.folder !== '' && isWithin(realPath(volume.folder), realPath(source)))
}

function belongs(container: Container, root: string): boolean {
  return (container.service !== undefined && isOfProjectIn(container, root)) || container.mounts.some((mount) => isInRoot(root, mount))
}

function isOfProjectIn({ projectFolder }: Container, root: string): boolean {
  return projectFolder !== undefined && isWithin(root, realPath(projectFolder))
}

function projectsOf({ labels }: EngineVolume): readonly string[] {
  return ['com.docker.compose.project', 'io.podman.compose.project'].flatMap((name) => labels[name] ?? [])
}
