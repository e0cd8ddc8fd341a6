import { existsSync } from 'node:fs'
import { parseDuration } from '../kit/duration.ts'
import type { Hook, Moment } from '../model/hook.ts'
import type { Application } from './application.ts'
import { presetWhereThere } from './application.ts'
import type { HookCommand } from './command-hooks.ts'
import { commandHooks } from './command-hooks.ts'
import type { ActiveRun } from './perform-run.ts'
import { presetScripts } from './preset-scripts.ts'

/** An application's configured hooks, and after them its users' own scripts; they run in its root, or in `/` where that is not there. */
export function hooksOf(app: Application, run: ActiveRun, facts: () => Record<string, string>, trustNew = false): Hook {
  const scripts = presetScripts(presetWhereThere(app), app.root, trustNew)
  const configured = (moment: Moment): readonly HookCommand[] => (app.config.hooks[moment] ?? []).map(({ command, timeout, onError }) => ({ command, onError, timeoutMs: parseDuration(timeout) }))
  return commandHooks((moment, active) => [...configured(moment), ...scripts(moment, active)], existsSync(app.root) ? app.root : '/', () => {
    const { kind, warningCount } = run.report()
    return {
      HOLDFAST_APP: app.name,
      HOLDFAST_ROOT: app.root,
      HOLDFAST_RUN: run.id,
      HOLDFAST_KIND: kind,
      HOLDFAST_WARNINGS: String(warningCount),
      ...facts(),
    }
  })
}
