import type { Command } from 'commander'
import type { GlobalOptions } from './global-options.ts'
import { globalOptions } from './global-options.ts'
import { Output } from './output.ts'
import { Setup } from '../runs/setup.ts'

/** What a command's body is given. */
export type CommandContext = { readonly output: Output; readonly setup: Setup; readonly options: GlobalOptions; readonly signal: AbortSignal }

export type CommandBody = (context: CommandContext) => Promise<number>

type CommandWays = {
  /** May choose another status for an error. */
  readonly settle?: (error: unknown, status: number) => number
  /** It makes the configuration that `--config` names. */
  readonly mayBeNew?: boolean
}

/** Ctrl-C and SIGTERM cancel once; a second one ends at once. Errors are shown, resources closed, the status set. */
export async function runCommand(command: Command, body: CommandBody, { settle = (_error, status) => status, mayBeNew = false }: CommandWays = {}): Promise<void> {
  const options = globalOptions(command)
  const output = new Output(options)
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130)
    output.say('stopping … (once more to stop at once)')
    controller.abort(new Error('interrupted by a signal'))
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  try {
    await using setup = await Setup.load({ ...options, mayBeNew }, controller.signal)
    process.exitCode = await body({ output, setup, options, signal: controller.signal })
  } catch (error) {
    process.exitCode = settle(error, output.fail(error))
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, onSignal)
  }
}
