import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import { inspectContainer } from './container.ts'
import { Engine } from './engine-client.ts'
import type { Frozen } from './frozen.ts'
import { switchMaintenance } from './nextcloud.ts'

const startLimitMs = 120_000
const lookEveryMs = 500
/** One that ends again and again by itself is not ours to keep alive. */
const startsAgain = 3
const maintenanceTries = 20

/**
 * Makes all of them run, in this order; may be repeated. One that was removed meanwhile is told by a note. With `settles` they are
 * watched as long as a stop that was cut off may still take effect. It is not cancelled by the run's signal: an application
 * that stands still is worse than a late answer.
 *
 * @throws AppError `containers.not-started` once all were tried.
 */
export async function thawContainers(frozen: readonly Frozen[], { settles }: { readonly settles: boolean }, run: Pick<Run, 'emit'>): Promise<void> {
  const steady = new AbortController().signal
  const engines = new Map<string, Promise<Engine>>()
  const engineOf = async (socket: string): Promise<Engine> => {
    let engine = engines.get(socket)
    if (engine === undefined) engines.set(socket, engine = Engine.open(socket, steady))
    return await engine
  }
  const failures: string[] = []
  const back: Frozen[] = []
  const bring = async (one: Frozen): Promise<void> => {
    const isThere = await bringBack(await engineOf(one.socket), one, steady)
    if (isThere) back.push(one)
    else run.emit({ type: 'run.note', code: 'containers.gone', message: `The container ${one.name} was removed while it stood still` })
  }
  // Maintenance mode goes last: what it belongs to may need the others.
  for (const one of [...frozen.filter(({ how }) => how !== 'maintenance'), ...frozen.filter(({ how }) => how === 'maintenance')]) {
    try {
      await bring(one)
    } catch (error) {
      failures.push(`${one.name}: ${messageOf(error)}`)
    }
  }
  if (back.length > 0) run.emit({ type: 'containers.thawed', names: back.map(({ name }) => name) })
  if (settles) for (const failure of await settle(back, engineOf, steady)) failures.push(failure)
  if (failures.length > 0) {
    throw new AppError('containers.not-started', `Not all containers could be brought back: ${failures.join('; ')}`, { hint: 'Start them yourself ("docker start NAME"), or mend what keeps them from it: "holdfast thaw --all" tries again.' })
  }
}

async function bringBack(engine: Engine, { id, name, how }: Frozen, signal: AbortSignal): Promise<boolean> {
  const container = await inspectContainer(engine, id, signal)
  if (container === undefined) return false
  if (how === 'maintenance' && container.state === 'running') {
    for (let attempt = 1; ; attempt++) {
      try {
        await switchMaintenance(container, false, signal)
        return true
      } catch (error) {
        // Its database may just be starting.
        if (attempt >= maintenanceTries) throw error
        await sleep(lookEveryMs * 2)
      }
    }
  }
  const path = `/containers/${encodeURIComponent(id)}`
  if (container.state === 'paused') {
    const { status, text } = await engine.call('POST', `${path}/unpause`, { signal, limitMs: startLimitMs, accept: [204, 304, 404, 409, 500] })
    // Somebody else may have done it in the same moment.
    if (status !== 204 && (await inspectContainer(engine, id, signal))?.state === 'paused') throw new AppError('containers.refused', `${name} could not be unpaused: ${text.slice(0, 300)}`)
    return true
  }
  const { status } = await engine.call('POST', `${path}/start`, { signal, limitMs: startLimitMs, accept: [204, 304, 404] })
  return status !== 404
}

async function settle(back: readonly Frozen[], engineOf: (socket: string) => Promise<Engine>, signal: AbortSignal): Promise<string[]> {
  const stopped = back.filter(({ how }) => how === 'stop')
  const untilMs = performance.now() + Math.max(0, ...stopped.map(({ stopSeconds }) => stopSeconds)) * 1000 + 2 * lookEveryMs
  const starts = new Map<string, number>()
  const failures = new Map<string, string>()
  while (stopped.length > 0 && performance.now() < untilMs) {
    await sleep(lookEveryMs)
    for (const one of stopped) {
      try {
        const engine = await engineOf(one.socket)
        const state = (await inspectContainer(engine, one.id, signal))?.state
        if (state !== 'stopped') continue
        const count = (starts.get(one.id) ?? 0) + 1
        starts.set(one.id, count)
        if (count <= startsAgain) await bringBack(engine, one, signal)
        failures.delete(one.id)
      } catch (error) {
        failures.set(one.id, `${one.name}: ${messageOf(error)}`)
      }
    }
  }
  return [...failures.values()]
}
