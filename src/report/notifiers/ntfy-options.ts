import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'
import { noticeOptions, privateNetworkOption } from './notice-options.ts'

export const ntfyOptionsSchema = z.strictObject({
  type: z.literal('ntfy').describe('Push messages by ntfy.'),
  url: z.string().regex(/^https?:\/\/[^\s?#@]+$/, 'an address such as https://ntfy.sh').default('https://ntfy.sh').describe('The ntfy server.'),
  topic: secretRefSchema.describe('The topic. Whoever knows it can read it, unless the server asks for a token.'),
  token: secretRefSchema.optional().describe('An access token.'),
  privateNetwork: privateNetworkOption,
  ...noticeOptions,
})
export type NtfyOptions = z.infer<typeof ntfyOptionsSchema>
