import { z } from 'zod'
import { secretRefSchema } from '../model/secret-ref.ts'

const commandId = z.int().positive()

/** How a Jeedom is told of an application's backups and restores. */
export const jeedomOptionsSchema = z.strictObject({
  url: z.string().regex(/^https?:\/\/[^\s?#]+$/, 'an address such as http://192.168.1.10').describe('The Jeedom\'s address: `http://192.168.1.10`.'),
  apiKey: secretRefSchema.describe('Its API key, or that of its plugin "virtual".'),
  event: commandId.optional().describe('The id of the info command that gets `begin_backup`, `end_backup`, `begin_restore` and `end_restore`; the end also after a failure.'),
  outcome: commandId.optional().describe('The id of the info command that gets `ok`, `partial`, `failed` or `interrupted` at the end.'),
  status: commandId.optional().describe('The id of the info command that gets the status of nine keys, as `holdfast status --format jeedom` prints it, at the begin and the end of a backup.'),
})
export type JeedomOptions = z.infer<typeof jeedomOptionsSchema>
