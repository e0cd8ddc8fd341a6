import type { Command } from 'commander'
import { Option } from 'commander'
import { z } from 'zod'
import { formatSchema } from '../model/restore-point.ts'
import type { SecretRef } from '../model/secret-ref.ts'
import type { PlaceOptions } from '../runs/setup.ts'

const schema = z.object({ from: z.string().optional(), to: z.string().optional(), app: z.string().optional(), passwordFile: z.string().optional(), passwordCommand: z.string().optional() })

export function addReadingOptions(command: Command): Command {
  return addPasswordOptions(command
    .option('--from <place>', 'the folder that holds the restore points')
    .option('--app <name>', 'the application, where the place holds several'))
}

export function addPasswordOptions(command: Command): Command {
  return command
    .option('--password-file <file>', 'a file that holds the password, in one line (or set HOLDFAST_PASSWORD)')
    .addOption(new Option('--password-command <command>', 'a command that prints the password').conflicts('passwordFile'))
}

export function placeOptions(options: unknown): PlaceOptions {
  const { from, to, app, passwordFile, passwordCommand } = schema.parse(options)
  const place = from ?? to
  const password: SecretRef | undefined = passwordFile !== undefined ? { file: passwordFile }
    : passwordCommand !== undefined ? { command: passwordCommand }
      : process.env['HOLDFAST_PASSWORD'] !== undefined ? { env: 'HOLDFAST_PASSWORD' } : undefined
  return { ...(place === undefined ? {} : { place }), ...(app === undefined ? {} : { app }), ...(password === undefined ? {} : { password }) }
}

export function formatOption(): Option {
  return new Option('--format <format>', 'the format of the archive').choices(formatSchema.options)
}
