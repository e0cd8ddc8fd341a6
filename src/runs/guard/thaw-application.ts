import { AppError } from '../../kit/app-error.ts'
import { openAppState } from '../app-state.ts'
import type { RunContext } from '../perform-run.ts'
import { performRun } from '../perform-run.ts'
import { hasFrozen } from './thaw-dead-runs.ts'

/**
 * Brings back what dead runs of an application have left standing still, as a run of its own with a journal. `locked`: a run is
 * at work, and has done it before anything else.
 */
export async function thawApplication(stateRoot: string, app: string, context: Partial<RunContext> = {}): Promise<'done' | 'locked' | 'failed'> {
  const state = await openAppState(stateRoot, app)
  try {
    // Every run begins with it, this one too.
    const { error } = await performRun('thaw', state, { signal: new AbortController().signal, onEvent: () => undefined, now: () => new Date(), ...context }, async () => {
      if (hasFrozen(state)) throw new AppError('containers.not-started', `Containers of ${app} still stand still; the warnings of this run say why`, { hint: 'Mend what keeps them, then run "holdfast thaw --all".' })
    })
    return error === undefined ? 'done' : 'failed'
  } catch (error) {
    if (error instanceof AppError && error.code === 'lock.held') return 'locked'
    throw error
  }
}
