import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'
import { noticeOptions, privateNetworkOption } from './notice-options.ts'

export const webhookOptionsSchema = z.strictObject({
  type: z.literal('webhook').describe('A signed POST of the notice as JSON to a program of yours.'),
  url: secretRefSchema.describe('Its address.'),
  secret: secretRefSchema.describe('What both sides know: the request is signed with it.'),
  privateNetwork: privateNetworkOption,
  ...noticeOptions,
})
export type WebhookOptions = z.infer<typeof webhookOptionsSchema>
