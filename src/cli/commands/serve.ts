import type { Command } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { Setup } from '../../runs/setup.ts'
import { globalOptions } from '../global-options.ts'
import { installedFor, scheduledApps, twiceWords } from '../installed-schedules.ts'
import { Output } from '../output.ts'
import { scheduleTargets } from '../schedule-targets.ts'

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
    for (const line of await madeTwice(server.setup, stop.signal)) output.say(line)
    if (!stop.signal.aborted) await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }))
  } catch (error) {
    if (stop.signal.aborted && error instanceof AppError && error.code === 'interrupted') return
    process.exitCode = output.fail(error)
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal)
  }
}

/** What cron or systemd starts although the server does, in sentences. That it cannot be looked for keeps no server from its work. */
async function madeTwice(setup: Setup, signal: AbortSignal): Promise<readonly string[]> {
  const apps = scheduledApps(setup)
  if (apps.length === 0) return []
  try {
    const twice = await installedFor(await scheduleTargets(undefined, [], signal), apps, signal)
    return [...twice.map((job) => printable(`note: ${twiceWords(job)}`)), ...(twice.length === 0 ? [] : ['note: "holdfast service install --take-over" or "holdfast schedule remove" takes it away'])]
  } catch (error) {
    return error instanceof AppError ? [`note: backups that cron or systemd start could not be looked for: ${printable(error.message)}`] : []
  }
}
