import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'
import { noticeOptions, privateNetworkOption } from './notice-options.ts'

export const httpOptionsSchema = z.strictObject({
  type: z.literal('http').describe('Any service that takes an HTTP request: Telegram, Matrix, a chat\'s webhook.'),
  url: secretRefSchema.describe('Its address; may hold a token: `https://api.telegram.org/bot${TELEGRAM_TOKEN}/sendMessage`. `{{title}}`, `{{text}}`, `{{app}}`, `{{state}}`, `{{kind}}` and `{{at}}` in it are percent-encoded.'),
  method: z.enum(['POST', 'PUT', 'GET']).default('POST').describe('The method. A GET has no body.'),
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'the name of a header'), secretRefSchema).default({}).describe('Further headers, such as `Authorization`.'),
  contentType: z.enum(['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'text/html', 'application/xml']).default('application/json').describe('What the body is; what stands for `{{…}}` is escaped for it.'),
  body: secretRefSchema.optional().describe('The body, in one line, with `{{title}}`, `{{text}}`, `{{app}}`, `{{state}}` (failed, warning, info), `{{kind}}` and `{{at}}` (the time); in JSON they stand inside quotes. Default: title, text, app and state.'),
  privateNetwork: privateNetworkOption,
  ...noticeOptions,
})
export type HttpOptions = z.infer<typeof httpOptionsSchema>
