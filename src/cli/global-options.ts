import type { Command } from 'commander'
import { z } from 'zod'

/** What every command understands. */
export type GlobalOptions = { readonly config?: string; readonly state?: string; readonly json: boolean; readonly ask: boolean }

const schema = z.object({ config: z.string().optional(), state: z.string().optional(), json: z.boolean().default(false), ask: z.boolean().default(true) })

export function addGlobalOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration file (default: ~/.config/holdfast/holdfast.yaml, /etc/holdfast/holdfast.yaml)')
    .option('--state <folder>', 'the folder for locks and journals')
    .option('--json', 'print one JSON value')
    .option('--no-ask', 'never ask; needed where nobody is there')
}

export function globalOptions(command: Command): GlobalOptions {
  const { config, state, json, ask } = schema.parse(command.optsWithGlobals())
  return { json, ask, ...(config === undefined ? {} : { config }), ...(state === undefined ? {} : { state }) }
}
