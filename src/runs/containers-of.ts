import { parseDuration } from '../kit/duration.ts'
import type { VolumeFacts } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { composeProjects } from '../sources/containers/compose-projects.ts'
import type { Container } from '../sources/containers/container.ts'
import type { ContainerMode, ContainersOptions, ServiceOptions } from '../sources/containers/containers-options.ts'
import { containersOptionsSchema } from '../sources/containers/containers-options.ts'
import { engineSockets, usualSockets } from '../sources/containers/engine-socket.ts'
import type { Found } from '../sources/containers/find-containers.ts'
import { findContainers, isInRoot } from '../sources/containers/find-containers.ts'
import type { PlannedContainer } from '../sources/containers/freeze-containers.ts'
import type { Volume } from '../sources/containers/volumes.ts'
import { foldersOutside, volumesOf } from '../sources/containers/volumes.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'

/** A container of an application with what the configuration says of it; `writes`: into a folder or volume of the application. */
export type ApplicationContainer = { readonly container: Container; readonly mode: ContainerMode; readonly options: ServiceOptions; readonly writes: boolean }

type MayWrite = (one: ApplicationContainer, all: readonly ApplicationContainer[]) => boolean

export type ContainersOfApplication = {
  readonly options: ContainersOptions
  /** Sockets of the engines that were found, that of the application's containers first. */
  readonly engines: readonly string[]
  readonly containers: readonly ApplicationContainer[]
  /** Named volumes that lie outside the root; they are saved with it. */
  readonly volumes: readonly Volume[]
  /**
   * What is quiesced while files are read or changed, those of others that write into its volumes too, as they are when it is asked. What
   * `mayWrite` is so as those that write into its files.
   */
  planned(signal: AbortSignal, mayWrite?: MayWrite): Promise<readonly PlannedContainer[]>
}

/**
 * An application's containers, where its preset or its configuration says that it has any; for others no engine is asked.
 *
 * @param saved volumes of a restore point: what writes into those of their names is among what is planned.
 * @throws AppError `containers.unreachable`, `containers.denied`.
 */
export async function containersOf(app: Application, preset: Preset, run: Run, saved: readonly Pick<VolumeFacts, 'name'>[] = []): Promise<ContainersOfApplication> {
  const options = app.config.containers ?? containersOptionsSchema.parse({})
  const none: ContainersOfApplication = { options, engines: [], containers: [], volumes: [], planned: async () => await Promise.resolve([]) }
  if (app.config.containers === undefined && preset.containers !== true) return none
  const sockets = engineSockets(options.engine, process.env, app.root)
  if (sockets.length === 0) {
    run.emit({ type: 'run.note', code: 'containers.no-engine', message: `No container engine was found: no container is stopped or dumped, and no volume is saved. There is no socket that this user may look at: ${usualSockets(process.env, app.root).join(', ')}. Name another one with containers: {engine: …} or DOCKER_HOST` })
    return none
  }
  const names = new Set(Object.keys(options.services))
  const projects = composeProjects(app.root)
  const find = async (signal: AbortSignal): Promise<Found> => await findContainers(sockets, { root: app.root, named: names, projects: new Set(projects.map(({ name }) => name)), volumeNames: new Set(saved.map(({ name }) => name)) }, signal)
  const found = await find(run.signal)
  tellFound(found, names, projects.find(({ hasServices }) => hasServices)?.file, app.root, run)
  return {
    options,
    engines: [...new Set([...found.containers.map(({ engine }) => engine.socket), ...sockets])],
    volumes: volumesOf(found.volumes),
    containers: found.containers.map((container) => withOptions(container, options, app.root)),
    planned: async (signal, mayWrite) => plannedOf(await find(signal), options, app.root, mayWrite),
  }
}

export function stopSecondsOf({ stopTimeout }: ContainersOptions): { readonly stopSeconds?: number } {
  return stopTimeout === undefined ? {} : { stopSeconds: Math.ceil(parseDuration(stopTimeout) / 1000) }
}

function tellFound({ containers, sharers, volumes, inMemory }: Found, names: ReadonlySet<string>, composeFile: string | undefined, root: string, run: Run): void {
  for (const name of names) {
    if (!containers.some((container) => container.name === name || container.service === name)) {
      run.emit({ type: 'run.warning', code: 'containers.missing', message: `There is no container or service "${name}", which the configuration names` })
    }
  }
  if (composeFile !== undefined && containers.length === 0) run.emit({ type: 'run.note', code: 'containers.none', message: `${composeFile} declares services, and none of their containers is there: nothing is stopped or dumped${volumes.length === 0 ? ', and no volume of theirs was found' : ''}` })
  for (const { container, source } of foldersOutside(containers, root)) {
    run.emit({ type: 'run.note', code: 'containers.outside', message: `${container.name} writes into ${source}, which lies outside the application and is not saved with it` })
  }
  for (const { name } of inMemory) run.emit({ type: 'run.note', code: 'containers.outside', message: `The volume ${name} lies in memory alone (tmpfs) and is not saved` })
  for (const { name } of sharers) run.emit({ type: 'run.note', code: 'containers.shared', message: `${name} is no container of the application and writes into a volume of it: it stands still with the others` })
}

function withOptions(container: Container, options: ContainersOptions, root: string): ApplicationContainer {
  const service = (container.service === undefined || container.isOneOff ? undefined : options.services[container.service]) ?? options.services[container.name] ?? {}
  const writes = writesInto(root, container)
  return { container, mode: service.mode ?? (writes ? options.default : 'leave'), options: service, writes }
}

function plannedOf({ containers, sharers }: Found, options: ContainersOptions, root: string, mayWrite: MayWrite = () => false): readonly PlannedContainer[] {
  const own = containers.map((container) => withOptions(container, options, root))
  const all = [...own.map((one) => mayWrite(one, own) ? { ...one, mode: options.default } : one), ...sharers.map((container) => ({ container, mode: options.default, writes: true }))]
  return all.flatMap(({ container, mode, writes }) => mode === 'leave' || mode === 'exec' ? [] : [{ container, how: mode, writes }])
}

/** Into a folder of it, or into a volume that belongs to it. */
function writesInto(root: string, container: Container): boolean {
  return container.mounts.some((mount) => mount.writable && (mount.kind === 'volume' || isInRoot(root, mount)))
}
