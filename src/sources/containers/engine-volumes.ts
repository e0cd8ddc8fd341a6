import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { Engine } from './engine-client.ts'

/** A named volume as its engine knows it. */
export type EngineVolume = {
  readonly engine: Engine
  readonly name: string
  /** Where its content lies on this machine; empty where the engine does not say. */
  readonly folder: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/** What tells where a volume's content is. */
type VolumeDriver = Pick<EngineVolume, 'driver' | 'options'>

const texts = z.record(z.string(), z.string()).nullish()
const volumeSchema = z.object({ Name: z.string().min(1), Driver: z.string().nullish(), Mountpoint: z.string().nullish(), Options: texts, Labels: texts })
const listSchema = z.object({ Volumes: z.array(volumeSchema).nullish() })

/** Every named volume that an engine knows, used or not. @throws AppError `containers.*`; so do all. */
export async function listVolumes(engine: Engine, signal: AbortSignal): Promise<readonly EngineVolume[]> {
  const { Volumes } = await engine.json('GET', '/volumes', listSchema, { signal })
  return (Volumes ?? []).map((volume) => volumeOf(engine, volume))
}

export async function createVolume(engine: Engine, { name, driver, options, labels }: Pick<EngineVolume, 'name' | 'driver' | 'options' | 'labels'>, signal: AbortSignal): Promise<EngineVolume> {
  const { text } = await engine.call('POST', '/volumes/create', { signal, body: { Name: name, Driver: driver, DriverOpts: options, Labels: labels } })
  try {
    return volumeOf(engine, volumeSchema.parse(JSON.parse(text)))
  } catch (cause) {
    throw new AppError('containers.unreachable', `What the container engine at ${engine.socket} says of a volume is not understood`, { cause })
  }
}

/**
 * The folder of which a volume is another name (`type: none, o: bind, device: /folder`). The engine mounts it over its own
 * folder only while a container uses the volume.
 */
export function boundFolder({ driver, options }: VolumeDriver): string | undefined {
  const { o = '', device = '' } = options
  return isLocal(driver) && device.startsWith('/') && o.split(',').some((word) => word === 'bind' || word === 'rbind') ? device : undefined
}

/** It lies in memory alone, and is empty as soon as nothing uses it. */
export function isInMemory({ driver, options }: VolumeDriver): boolean {
  return isLocal(driver) && (options['type'] === 'tmpfs' || options['type'] === 'ramfs')
}

/** Its content is elsewhere (NFS, CIFS, a disk, whatever another driver does), and seen only while a container uses it. */
export function isMountedOnUse(volume: VolumeDriver): boolean {
  if (!isLocal(volume.driver)) return true
  const { device = '', type = '' } = volume.options
  return boundFolder(volume) === undefined && !isInMemory(volume) && (device !== '' || type !== '')
}

function isLocal(driver: string): boolean {
  return driver === 'local'
}

function volumeOf(engine: Engine, { Name, Driver, Mountpoint, Options, Labels }: z.infer<typeof volumeSchema>): EngineVolume {
  const driver = Driver ?? 'local'
  const options = Options ?? {}
  return { engine, name: Name, folder: boundFolder({ driver, options }) ?? Mountpoint ?? '', driver, options, labels: Labels ?? {} }
}
