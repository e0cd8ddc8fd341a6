import { z } from 'zod'
import { secretRefSchema } from '../model/secret-ref.ts'
import { privateNetworkOption } from './notifiers/notice-options.ts'

/** A watcher from outside that raises the alarm when it is *not* told of a backup in time. */
export const pingOptionsSchema = z.strictObject({
  url: secretRefSchema.describe('The check\'s address, as Healthchecks gives it: `https://hc-ping.com/UUID`. `/start`, `/fail` and `/log` are appended.'),
  method: z.enum(['POST', 'GET']).default('POST').describe('`POST` sends the end of the log along.'),
  privateNetwork: privateNetworkOption,
})
export type PingOptions = z.infer<typeof pingOptionsSchema>
