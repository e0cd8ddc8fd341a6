import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import type { Container } from './container.ts'
import type { Frozen } from './frozen.ts'
import { thawContainers } from './thaw-containers.ts'
import { isInMaintenance, switchMaintenance } from './nextcloud.ts'
import { stopOrder } from './stop-order.ts'

/** A stop that is under way is waited for this long beyond the container's own time. */
const stopMarginMs = 60_000
/** 128 and SIGKILL. */
const killed = 137

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

/** `writes`: into what the run is about. */
export type PlannedContainer = { readonly container: Container; readonly how: Frozen['how']; readonly writes: boolean }

export type FreezeOptions = {
  /** What is to stand still, as it is when this is asked: hooks and people make and remove containers meanwhile. */
  planned(signal: AbortSignal): Promise<readonly PlannedContainer[]>
  /** Set where files are read and not changed: then it matters how a container has left them. */
  readonly reads?: true
  readonly stopSeconds?: number
  readonly guard: FreezeGuard
}

/** What a run freezes and surely gives back; each is called at most once at a time. */
export interface Freezer {
  /** Quiesces those of the planned containers that run at this moment. @throws AppError `containers.*`, `interrupted`: call `thaw` then too. */
  freeze(run: Run): Promise<void>
  /** Tells by warnings which of the planned containers ran since `freeze`, whoever has started them: the files were not still. Call it before `thaw`. */
  look(run: Run): Promise<void>
  /** Brings back exactly what `freeze` quiesced; it is not cancelled. Idempotent. @throws AppError `containers.not-started`. */
  thaw(run: Run): Promise<void>
}

export function containerFreezer({ planned, reads, stopSeconds, guard }: FreezeOptions): Freezer {
  let held: { readonly hold: FreezeHold; readonly frozen: readonly Frozen[]; whole: boolean } | undefined
  let still: Stillness | undefined
  return {
    async freeze(run) {
      const running = await toQuiesce(await planned(run.signal), run)
      if (running.length > 0) {
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
      }
      const now = await planned(run.signal)
      if (reads === true) tellKilled(now, new Set(running.filter(({ how }) => how === 'stop').map(({ container }) => container.id)), stopSeconds, run)
      still = new Stillness(now)
      still.tell(now, run)
    },
    async look(run) {
      if (still === undefined) return
      try {
        still.tell(await planned(run.signal), run)
      } catch (error) {
        if (run.signal.aborted || !(error instanceof AppError)) throw error
        run.emit({ type: 'run.warning', code: 'containers.unreachable', message: `Whether containers ran meanwhile cannot be told: ${messageOf(error)}` })
      }
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

/** How containers were when all stood still. */
class Stillness {
  readonly #startedAt: ReadonlyMap<string, string | undefined>
  readonly #told = new Set<string>()

  constructor(planned: readonly PlannedContainer[]) {
    this.#startedAt = new Map(planned.map(({ container: { id, startedAt } }) => [id, startedAt]))
  }

  /** Tells each once that does not stand still, or was started since. A supervisor (systemd, an orchestrator), a person, or another run may do so. */
  tell(now: readonly PlannedContainer[], run: Run): void {
    for (const { container: { id, name, state, startedAt }, how } of now) {
      const isStill = how === 'maintenance' || state !== 'running'
      if (this.#told.has(id) || (isStill && startedAt === this.#startedAt.get(id))) continue
      this.#told.add(id)
      run.emit({ type: 'run.warning', code: 'containers.restarted', message: `${name} ran while it should have stood still: something else started it. Its files may have changed meanwhile` })
    }
  }
}

/** Those that run: hooks and people may have stopped some meanwhile, and those stay stopped. */
async function toQuiesce(planned: readonly PlannedContainer[], run: Run): Promise<readonly PlannedContainer[]> {
  const found: PlannedContainer[] = []
  for (const one of planned.filter(({ container }) => container.state === 'running')) {
    const { container, how } = one
    // Whoever put it into that mode, for an upgrade say, takes it out again.
    if (how === 'maintenance' && await isInMaintenance(container, run.signal)) {
      run.emit({ type: 'run.note', code: 'containers.maintenance', message: `${container.name} is in maintenance mode already, and stays so` })
      continue
    }
    const isRemoved = how === 'stop' && container.removedOnStop
    if (isRemoved) run.emit({ type: 'run.note', code: 'containers.removed-on-stop', message: `${container.name} would be removed if it were stopped (--rm): it is paused instead` })
    found.push(isRemoved ? { ...one, how: 'pause' } : one)
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

/** What was killed had no time to write down what it held in memory. A note: many a service heeds no signal at all, and its files are those of a power cut, as with `pause`. */
function tellKilled(now: readonly PlannedContainer[], stopped: ReadonlySet<string>, stopSeconds: number | undefined, run: Run): void {
  for (const { container: { id, name, state, exitCode, stopSeconds: own }, writes } of now) {
    if (!writes || !stopped.has(id) || state !== 'stopped' || exitCode !== killed) continue
    run.emit({ type: 'run.note', code: 'containers.killed', message: `${name} did not stop within ${stopSeconds ?? own} s and was killed: its files are those of a crash. Give it more time (stop_grace_period in the compose file, or containers: {stopTimeout: …}); where it heeds no signal, set "init: true" in the compose file, or mode: pause, which takes its files as they are` })
  }
}
