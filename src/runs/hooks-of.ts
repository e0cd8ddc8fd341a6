import { existsSync } from 'node:fs'
import { parseDuration } from '../kit/duration.ts'
import type { Hook, Moment } from '../model/hook.ts'
import { momentSchema } from '../model/hook.ts'
import type { Application } from './application.ts'
import type { HookCommand } from './command-hooks.ts'
import { commandHooks } from './command-hooks.ts'
import type { ActiveRun } from './perform-run.ts'

/** An application's configured hooks; they run in its root, or in `/` where that is not there. */
export function hooksOf(app: Application, run: ActiveRun, facts: () => Record<string, string>): Hook {
  const commands: Partial<Record<Moment, readonly HookCommand[]>> = {}
  for (const moment of momentSchema.options) {
    commands[moment] = (app.config.hooks[moment] ?? []).map(({ command, timeout, onError }) => ({ command, onError, timeoutMs: parseDuration(timeout) }))
  }
  return commandHooks(commands, existsSync(app.root) ? app.root : '/', () => {
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
