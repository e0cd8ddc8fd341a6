import type { Command } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { globalOptions } from '../global-options.ts'
import { Output } from '../output.ts'

type Options = { listen?: string; data?: string }

export function addServeCommand(program: Command): void {
  const command = program.command('serve').description('run the dashboard, schedules and status reports')
  command
    .option('--listen <address>', 'the address and port to listen on (default: 127.0.0.1:7878)')
    .option('--data <folder>', 'the folder for accounts, catalog and uploads (default: .server in the state folder)')
    .action(async (options: Options) => await serve(command, options))
}

/** Runs until a signal asks it to end; then runs are ended as Ctrl-C would end them. */
async function serve(command: Command, { listen: address, data }: Options): Promise<void> {
  const global = globalOptions(command)
  const output = new Output(global)
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    output.say('stopping …')
    stop.abort(new Error('interrupted by a signal'))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  try {
    const { Server } = await import('../../server/server.ts')
    const { listen } = await import('../../server/http/listen.ts')
    await using server = await Server.open({ ...(global.config === undefined ? {} : { config: global.config }), ...(global.state === undefined ? {} : { state: global.state }), ...(data === undefined ? {} : { data }) }, stop.signal)
    await using listening = await listen(server, address ?? server.options.listen)
    const hasAccounts = await server.access.hasAccounts()
    output.result({ url: listening.url, ...(hasAccounts ? {} : { setupToken: server.access.setupToken() }) }, () => [
      `Holdfast is at ${listening.url}`,
      ...(hasAccounts ? [] : [`There is no account yet. Make the first one there, with this token: ${server.access.setupToken()}`]),
    ].join('\n'))
    if (!stop.signal.aborted) await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }))
  } catch (error) {
    if (stop.signal.aborted && error instanceof AppError && error.code === 'interrupted') return
    process.exitCode = output.fail(error)
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal)
  }
}
