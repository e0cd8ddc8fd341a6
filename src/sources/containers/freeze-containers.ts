import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import type { Container } from './container.ts'
import { inspectContainer } from './container.ts'
import type { Frozen } from './frozen.ts'
import { thawContainers } from './thaw-containers.ts'
import { isInMaintenance, switchMaintenance } from './nextcloud.ts'
import { stopOrder } from './stop-order.ts'

/** A stop that is under way is waited for this long beyond the container's own time. */
const stopMarginMs = 60_000

/** Makes sure that what is frozen gets back even where the run is killed. */
export interface FreezeGuard {
  /** When it returns, the record of what will be frozen is durable, in the order in which it gets back. @throws AppError `containers.guard`: then nothing may be stopped. */
  hold(frozen: readonly Frozen[], run: Run): Promise<FreezeHold>
}

interface FreezeHold {
  /** All stands still: no stop is under way any more that could still take effect. */
  stands(): void
  /** All is back: nothing is left to be done for the guard. */
  release(): Promise<void>
}

/** The code of the note by which a restore knows that the saved Nextcloud is in maintenance mode. */
export const maintenanceNote = 'containers.maintenance-saved'

export type PlannedContainer = { readonly container: Container; readonly how: Frozen['how'] }

export type FreezeOptions = { readonly planned: readonly PlannedContainer[]; readonly stopSeconds?: number; readonly guard: FreezeGuard }

/** What a run freezes and surely gives back; each is called at most once at a time. */
export interface Freezer {
  /** Quiesces those of the planned containers that run at this moment. @throws AppError `containers.*`, `interrupted`: call `thaw` then too. */
  freeze(run: Run): Promise<void>
  /** Brings back exactly what `freeze` quiesced; it is not cancelled. Idempotent. @throws AppError `containers.not-started`. */
  thaw(run: Run): Promise<void>
}

export function containerFreezer({ planned, stopSeconds, guard }: FreezeOptions): Freezer {
  let held: { readonly hold: FreezeHold; readonly frozen: readonly Frozen[]; whole: boolean } | undefined
  return {
    async freeze(run) {
      const running = await stillRunning(planned, run)
      if (running.length === 0) return
      const groups = stopOrder(running.map(({ container, how }) => ({ ...container, how })))
      const frozen = groups.flat().map(({ engine, id, name, how, stopSeconds: own }): Frozen => ({ socket: engine.socket, id, name, how, stopSeconds: stopSeconds ?? own }))
      run.emit({ type: 'run.phase', phase: 'freeze' })
      held = { hold: await guard.hold(frozen.toReversed(), run), frozen, whole: false }
      // In maintenance mode first: switching it on may need what is stopped then.
      for (const { container } of running.filter(({ how }) => how === 'maintenance')) {
        await switchMaintenance(container, true, run.signal)
        run.emit({ type: 'run.note', code: maintenanceNote, message: `${container.name} is in maintenance mode while its files are read; its saved config.php says so too, and a restore switches it off` })
      }
      for (const group of groups) {
        if (run.signal.aborted) throw new AppError('interrupted', 'The run was interrupted', { cause: run.signal.reason })
        const results = await Promise.allSettled(group.filter(({ how }) => how !== 'maintenance').map(async (container) => await quiesce(container, container.how, stopSeconds)))
        for (const result of results) if (result.status === 'rejected') throw result.reason
      }
      held.whole = true
      held.hold.stands()
      run.emit({ type: 'containers.frozen', names: frozen.map(({ name }) => name) })
      await tellRestarted(running, run)
    },
    async thaw(run) {
      if (held === undefined) return
      const { hold, frozen, whole } = held
      run.emit({ type: 'run.phase', phase: 'thaw' })
      // A stop that was cut off may still take effect.
      await thawContainers(frozen.toReversed(), { settles: !whole }, run)
      held = undefined
      await hold.release()
    },
  }
}

/** As they are now: hooks and people may have stopped some meanwhile, and those stay stopped. */
async function stillRunning(planned: readonly PlannedContainer[], run: Run): Promise<PlannedContainer[]> {
  const found: PlannedContainer[] = []
  for (const { container: { engine, id }, how } of planned) {
    const container = await inspectContainer(engine, id, run.signal)
    if (container?.state !== 'running') continue
    // Whoever put it into that mode, for an upgrade say, takes it out again.
    if (how === 'maintenance' && await isInMaintenance(container, run.signal)) {
      run.emit({ type: 'run.note', code: 'containers.maintenance', message: `${container.name} is in maintenance mode already, and stays so` })
      continue
    }
    if (how === 'stop' && container.removedOnStop) run.emit({ type: 'run.note', code: 'containers.removed-on-stop', message: `${container.name} would be removed if it were stopped (--rm): it is paused instead` })
    found.push({ container, how: how === 'stop' && container.removedOnStop ? 'pause' : how })
  }
  return found
}

/** Not cancelled on the way: an engine goes on with a stop whose caller has gone, and would stop what was started again. */
async function quiesce({ engine, id, name, stopSeconds: own }: Container, how: Frozen['how'], stopSeconds: number | undefined): Promise<void> {
  const limitMs = (stopSeconds ?? own) * 1000 + stopMarginMs
  const signal = new AbortController().signal
  const path = `/containers/${encodeURIComponent(id)}`
  if (how === 'pause') {
    await engine.call('POST', `${path}/pause`, { signal, limitMs })
    return
  }
  const { status } = await engine.call('POST', `${path}/stop?t=${stopSeconds ?? own}`, { signal, limitMs, accept: [204, 304, 404] })
  if (status === 404) throw new AppError('containers.refused', `The container ${name} was removed while the backup was about to stop it`, { hint: 'Run it again when nothing else changes the containers.' })
}

/** A supervisor (systemd, an orchestrator) may start what is stopped; then the files are not quiet. */
async function tellRestarted(planned: readonly PlannedContainer[], run: Run): Promise<void> {
  await sleep(0)
  for (const { container: { engine, id, name }, how } of planned) {
    if (how !== 'stop') continue
    const state = await inspectContainer(engine, id, run.signal).then((container) => container?.state, (error: unknown) => messageOf(error))
    if (state === 'running') run.emit({ type: 'run.warning', code: 'containers.restarted', message: `${name} was stopped and runs again: something else starts it. Its files may change while they are read.` })
  }
}
