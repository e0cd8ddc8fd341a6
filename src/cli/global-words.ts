import type { CommandContext } from './command-context.ts'

/** The words that make another process of Holdfast use the same configuration and state: cron and systemd know nothing of this shell. */
export function globalWords({ setup, options }: Pick<CommandContext, 'setup' | 'options'>): readonly string[] {
  const hasState = options.state !== undefined || process.env['HOLDFAST_STATE'] !== undefined
  return [...(setup.configFile === undefined ? [] : ['--config', setup.configFile]), ...(hasState ? ['--state', setup.stateRoot] : [])]
}
