import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'
import { noticeOptions, privateNetworkOption } from './notice-options.ts'

export const gotifyOptionsSchema = z.strictObject({
  type: z.literal('gotify').describe('Push messages by Gotify.'),
  url: z.string().regex(/^https?:\/\/[^\s?#@]+$/, 'an address such as https://gotify.example.org').describe('The Gotify server.'),
  token: secretRefSchema.describe('The token of an application there.'),
  privateNetwork: privateNetworkOption,
  ...noticeOptions,
})
export type GotifyOptions = z.infer<typeof gotifyOptionsSchema>
