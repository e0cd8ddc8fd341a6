import { parseDuration } from '../kit/duration.ts'
import type { Run } from '../model/run.ts'
import type { Container } from '../sources/containers/container.ts'
import type { ContainerMode, ContainersOptions, ServiceOptions } from '../sources/containers/containers-options.ts'
import { containersOptionsSchema } from '../sources/containers/containers-options.ts'
import { engineSockets } from '../sources/containers/engine-socket.ts'
import { findContainers, isInRoot } from '../sources/containers/find-containers.ts'
import type { PlannedContainer } from '../sources/containers/freeze-containers.ts'
import type { Volume } from '../sources/containers/volumes.ts'
import { foldersOutside, volumesOf } from '../sources/containers/volumes.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'

/** A container of an application with what the configuration says of it. */
export type ApplicationContainer = { readonly container: Container; readonly mode: ContainerMode; readonly options: ServiceOptions }

export type ContainersOfApplication = {
  readonly options: ContainersOptions
  readonly containers: readonly ApplicationContainer[]
  /** Named volumes that lie outside the root; they are saved with it. */
  readonly volumes: readonly Volume[]
}

/**
 * An application's containers, where its preset or its configuration says that it has any; for others no engine is asked.
 * @throws AppError `containers.unreachable`, `containers.denied`.
 */
export async function containersOf(app: Application, preset: Preset, run: Run): Promise<ContainersOfApplication> {
  const options = app.config.containers ?? containersOptionsSchema.parse({})
  if (app.config.containers === undefined && preset.containers !== true) return { options, containers: [], volumes: [] }
  const sockets = engineSockets(options.engine, process.env)
  if (sockets.length === 0) {
    run.emit({ type: 'run.note', code: 'containers.no-engine', message: 'No container engine runs on this machine: no container is stopped or dumped' })
    return { options, containers: [], volumes: [] }
  }
  const names = new Set(Object.keys(options.services))
  const found = await findContainers(sockets, app.root, names, run.signal)
  for (const name of names) {
    if (!found.some((container) => container.name === name || container.service === name)) {
      run.emit({ type: 'run.warning', code: 'containers.missing', message: `There is no container or service "${name}", which the configuration names` })
    }
  }
  for (const { container, source } of foldersOutside(found, app.root)) {
    run.emit({ type: 'run.note', code: 'containers.outside', message: `${container.name} writes into ${source}, which lies outside the application and is not saved with it` })
  }
  return {
    options,
    volumes: volumesOf(found, app.root),
    containers: found.map((container) => {
      const service = (container.service === undefined || container.isOneOff ? undefined : options.services[container.service]) ?? options.services[container.name] ?? {}
      return { container, mode: service.mode ?? (writesInto(app.root, container) ? options.default : 'leave'), options: service }
    }),
  }
}

/** What of them is quiesced while the files are read. */
export function planned(containers: readonly ApplicationContainer[]): readonly PlannedContainer[] {
  return containers.flatMap(({ container, mode }) => mode === 'leave' || mode === 'exec' ? [] : [{ container, how: mode }])
}

export function stopSecondsOf({ stopTimeout }: ContainersOptions): { readonly stopSeconds?: number } {
  return stopTimeout === undefined ? {} : { stopSeconds: Math.ceil(parseDuration(stopTimeout) / 1000) }
}

/** Into a folder of it, or into a volume that belongs to it. */
function writesInto(root: string, container: Container): boolean {
  return container.mounts.some((mount) => mount.writable && (mount.kind === 'volume' || isInRoot(root, mount)))
}
