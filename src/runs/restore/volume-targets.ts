import { lstatSync } from 'node:fs'
import { realPath } from '../../disk/real-path.ts'
import type { VolumeFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import { Engine } from '../../sources/containers/engine-client.ts'
import type { EngineVolume } from '../../sources/containers/engine-volumes.ts'
import { boundFolder, createVolume, isInMemory, isMountedOnUse, listVolumes } from '../../sources/containers/engine-volumes.ts'
import { mayBeOfEngine } from '../../sources/containers/reach-of-volume.ts'

/** A named volume that gets its content back: where it lies in the restore point and on this machine. */
export type VolumeTarget = { readonly name: string; readonly path: string; readonly target: string }

/** What an engine has now. */
type EngineVolumes = { readonly engine: Engine; readonly volumes: ReadonlyMap<string, EngineVolume> }

/**
 * Where the volumes of a restore point lie here; those that are missing are made as they were. Without an engine, and where content
 * could not be seen or would go to a place that nobody here has named, they are put down as files and told.
 *
 * @param engines sockets, the likeliest first.
 * @param trusted whether the restore point is ours: else the folder of a missing volume might be any of this machine.
 * @throws AppError `containers.*`.
 */
export async function volumeTargets(volumes: readonly VolumeFacts[], engines: readonly string[], trusted: boolean, run: Run): Promise<readonly VolumeTarget[]> {
  if (volumes.length === 0) return []
  const opened = await Promise.all(engines.map(async (socket): Promise<EngineVolumes> => {
    const engine = await Engine.open(socket, run.signal)
    return { engine, volumes: new Map((await listVolumes(engine, run.signal)).map((volume) => [volume.name, volume])) }
  }))
  const found: VolumeTarget[] = []
  for (const facts of volumes) {
    const { name, path } = facts
    const target = await targetOf(facts, opened, trusted, run)
    const same = found.find((other) => other.target === target)
    if (target !== undefined && same === undefined) found.push({ name, path, target })
    if (same !== undefined) run.emit({ type: 'run.warning', code: 'restore.volume-as-files', path, message: `the volume ${name} is restored as these files: it is the same folder as the volume ${same.name}, which gets its own content back` })
  }
  return found
}

async function targetOf(facts: VolumeFacts, engines: readonly EngineVolumes[], trusted: boolean, run: Run): Promise<string | undefined> {
  const { name, path, driver = 'local', options = {}, labels = {} } = facts
  const asFiles = (why: string, type: 'run.note' | 'run.warning'): undefined => {
    run.emit({ type, code: 'restore.volume-as-files', path, message: `the volume ${name} is restored as these files: ${why}` })
  }
  const at = engines.find(({ engine }) => engine.socket === facts.engine) ?? engines.find((one) => one.volumes.has(name)) ?? engines[0]
  if (at === undefined) return asFiles('no container engine was found here', 'run.note')
  const present = at.volumes.get(name)
  const wanted = present ?? { driver, options }
  if (isMountedOnUse(wanted) || isInMemory(wanted)) return asFiles(`what the engine mounts for it (${wanted.driver === 'local' ? wanted.options['type'] ?? '' : wanted.driver}) is out of reach while its containers stand still. Copy them into it while one runs`, 'run.warning')
  if (present === undefined) {
    const device = boundFolder(wanted)
    if (device !== undefined && !trusted) return asFiles(`it lies at ${device}, says a restore point that is not known to be Holdfast's. Make the volume (docker compose up --no-start), and restore again; or trust the point (--trust)`, 'run.warning')
    if (device !== undefined && !isFolder(device)) return asFiles(`it lies at ${device}, and there is no such folder. Make it, or mount its disk, and restore again`, 'run.warning')
  }
  const { folder } = present ?? await createVolume(at.engine, { name, driver, options, labels }, run.signal)
  // Where the device of a volume is a link, what it leads to is what containers see.
  const target = boundFolder(wanted) === undefined ? folder : realPath(folder)
  if (!mayBeOfEngine(target, at.engine.socket)) return asFiles(`its folder ${target} does not belong to the user whose container engine says so (${at.engine.socket})`, 'run.warning')
  if (isFolder(target)) return target
  return boundFolder(wanted) === undefined ? asFiles('this user may not reach where volumes lie', 'run.note') : asFiles(`its folder ${target} is not there, or may not be reached`, 'run.warning')
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(realPath(path), { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}
