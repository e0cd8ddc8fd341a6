import { AppError } from '../kit/app-error.ts'
import { childOutput } from '../kit/child.ts'
import { LineSplitter } from '../kit/line-splitter.ts'
import type { Hook, Moment } from '../model/hook.ts'
import type { Phase } from '../model/run-event.ts'
import type { Run } from '../model/run.ts'

export type HookCommand = {
  /** A line for `/bin/sh -c`, or a program with its arguments. */
  readonly command: string | readonly string[]
  readonly timeoutMs: number
  /** `fail` ends the run; `warn` goes on and makes it partial. */
  readonly onError: 'fail' | 'warn'
}

/**
 * Commands as one hook: at each moment its commands run one after the other in `cwd`, their output goes
 * to the journal, and one that exceeds its time limit is ended with its whole process group.
 * Each gets `HOLDFAST_MOMENT` and what `environment` gives at that time (docs/reference/hooks.md).
 */
export function commandHooks(commandsAt: (moment: Moment, run: Run) => readonly HookCommand[], cwd: string, environment: () => Record<string, string>): Hook {
  return {
    async fire(moment, run) {
      const own = commandsAt(moment, run)
      if (own.length > 0) run.emit({ type: 'run.phase', phase: phases[moment] })
      for (const hook of own) await runHook(hook, moment, cwd, environment(), run)
    },
  }
}

const phases: Readonly<Record<Moment, Phase>> = {
  'live-before': 'live-hook', 'frozen': 'freeze', 'after': 'after-hook', 'on-failure': 'after-hook', 'before-restore': 'before-hook', 'after-restore': 'after-hook',
}

async function runHook(hook: HookCommand, moment: Moment, cwd: string, environment: Record<string, string>, run: Run): Promise<void> {
  const [program = '/bin/sh', ...args] = typeof hook.command === 'string' ? ['/bin/sh', '-c', hook.command] : hook.command
  const tell = (line: string): void => run.emit({ type: 'hook.output', hook: moment, line })
  const stdout = new LineSplitter(tell)
  // What must be told or released even when the run was cancelled gets its own time.
  const signal = moment === 'on-failure' || moment === 'after' || moment === 'after-restore' ? new AbortController().signal : run.signal
  const decoder = new TextDecoder()
  try {
    for await (const bytes of childOutput(program, args, { signal, cwd, env: { ...environment, HOLDFAST_MOMENT: moment }, timeoutMs: hook.timeoutMs, onStderrLine: tell })) {
      stdout.write(decoder.decode(bytes, { stream: true }))
    }
    stdout.end()
  } catch (cause) {
    stdout.end()
    if (cause instanceof AppError && cause.code === 'interrupted') throw cause
    const shown = typeof hook.command === 'string' ? hook.command : hook.command.join(' ')
    const message = `The ${moment} hook "${shown}" failed: ${cause instanceof Error ? cause.message : String(cause)}`
    if (hook.onError === 'fail') throw new AppError('hook.failed', message, { hint: 'See the run\'s log for its output; set "onError: warn" if it may fail.', cause })
    run.emit({ type: 'run.warning', code: 'hook.failed', message })
  }
}
