import { lstatSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { VolumeFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { ContainersOptions } from '../../sources/containers/containers-options.ts'
import { Engine } from '../../sources/containers/engine-client.ts'
import { engineSockets } from '../../sources/containers/engine-socket.ts'
import type { ApplicationContainer } from '../containers-of.ts'

/** A named volume that gets its content back: where it lies in the restore point and on this machine. */
export type VolumeTarget = { readonly name: string; readonly path: string; readonly target: string }

const volumeSchema = z.object({ Mountpoint: z.string().startsWith('/') })

/**
 * Where the volumes of a restore point lie here; those that are missing are made, as compose would. Without an engine, and where
 * they may not be written, they are put down as files and told. @throws AppError `containers.*`.
 */
export async function volumeTargets(volumes: readonly VolumeFacts[], containers: readonly ApplicationContainer[], { engine: configured }: ContainersOptions, run: Run): Promise<readonly VolumeTarget[]> {
  if (volumes.length === 0) return []
  const socket = containers[0]?.container.engine.socket ?? engineSockets(configured, process.env)[0]
  const engine = socket === undefined ? undefined : await Engine.open(socket, run.signal)
  const found: VolumeTarget[] = []
  for (const { name, path } of volumes) {
    const target = engine === undefined ? undefined : await mountpointOf(engine, name, run.signal)
    if (target !== undefined && lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true) found.push({ name, path, target })
    else run.emit({ type: 'run.note', code: 'restore.volume-as-files', path, message: `the volume ${name} is restored as these files: ${engine === undefined ? 'no container engine runs here' : 'this user may not reach where volumes lie'}` })
  }
  return found
}

async function mountpointOf(engine: Engine, name: string, signal: AbortSignal): Promise<string> {
  const { status, text } = await engine.call('GET', `/volumes/${encodeURIComponent(name)}`, { signal, accept: [200, 404] })
  if (status === 200) return parse(text, engine)
  // As compose names and marks them, so that it takes them for its own.
  const [, project, volume] = /^([a-z0-9][a-z0-9_-]*?)_(.+)$/.exec(name) ?? []
  const labels = project === undefined || volume === undefined ? {} : { 'com.docker.compose.project': project, 'com.docker.compose.volume': volume }
  return parse((await engine.call('POST', '/volumes/create', { signal, body: { Name: name, Labels: labels } })).text, engine)
}

function parse(text: string, engine: Engine): string {
  try {
    return volumeSchema.parse(JSON.parse(text)).Mountpoint
  } catch (cause) {
    throw new AppError('containers.unreachable', `What the container engine at ${engine.socket} says of a volume is not understood`, { cause })
  }
}
