import { z } from 'zod'
import { gotifyOptionsSchema } from './gotify-options.ts'
import { httpOptionsSchema } from './http-options.ts'
import { mailOptionsSchema } from './mail-options.ts'
import { ntfyOptionsSchema } from './ntfy-options.ts'
import { webhookOptionsSchema } from './webhook-options.ts'

/** One way to tell people, and of what. */
export const notifierOptionsSchema = z.discriminatedUnion('type', [mailOptionsSchema, ntfyOptionsSchema, gotifyOptionsSchema, webhookOptionsSchema, httpOptionsSchema])
export type NotifierOptions = z.infer<typeof notifierOptionsSchema>
