import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'
import { noticeOptions } from './notice-options.ts'

const addressSchema = z.string().regex(/^[^\s@<>,;"\p{Cc}]+@[^\s@<>,;"\p{Cc}]+$/u, 'an address such as admin@example.org')

export const mailOptionsSchema = z.strictObject({
  type: z.literal('mail').describe('Mail by SMTP.'),
  host: z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'the name of a host').describe('The mail server.'),
  port: z.int().min(1).max(65_535).optional().describe('Default: 465 for `tls`, 587 for `starttls`, 25 for `none`.'),
  security: z.enum(['tls', 'starttls', 'none']).default('starttls').describe('`tls` from the start, `starttls` (refused without), or `none` — for this machine only, as mail and password can then be read on the way.'),
  user: z.string().min(1).optional().describe('Who signs in there.'),
  password: secretRefSchema.optional().describe('The password.'),
  ca: z.string().min(1).optional().describe('The certificate authority of the server, where it is none that everybody knows (PEM).'),
  from: addressSchema.describe('The sender.'),
  to: z.array(addressSchema).min(1).describe('The receivers.'),
  ...noticeOptions,
})
export type MailOptions = z.infer<typeof mailOptionsSchema>
