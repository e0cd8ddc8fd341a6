import { z } from 'zod'

/** What an account or a token may do; each one may do all that those before it may. */
export const roleSchema = z.enum(['viewer', 'operator', 'admin'])
export type Role = z.infer<typeof roleSchema>

const instant = z.iso.datetime()

/** Names of accounts: safe in logs and headers. */
export const accountNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)
export const passwordSchema = z.string().min(10).max(1024)
const totpSchema = z.string().regex(/^\d{6}$/)

/** `GET /api/session`, for everybody. `setup`: there is no account yet, and the first one is made with the token of the console. */
export const sessionInfoSchema = z.object({
  setup: z.boolean(),
  user: z.object({ name: z.string(), role: roleSchema, totp: z.boolean() }).optional(),
  /** Until when what asks for the password again (restore, delete, settings, keys) may be done without it. */
  elevatedUntil: instant.optional(),
  /** For who is signed in. */
  version: z.string().optional(),
  /** How this machine's Holdfast is called with the server's own configuration: `holdfast --config …`; commands and their arguments follow. */
  command: z.string().optional(),
})
export type SessionInfo = z.infer<typeof sessionInfoSchema>

/** `POST /api/setup`. */
export const setupRequestSchema = z.strictObject({ token: z.string(), name: accountNameSchema, password: passwordSchema })
/** `POST /api/session`; `totp` where the account asks for one: without it the answer is `access.totp`. */
export const signInRequestSchema = z.strictObject({ name: z.string().max(64), password: z.string().max(1024), totp: totpSchema.optional() })
/** `POST /api/step-up`. */
export const stepUpRequestSchema = z.strictObject({ password: z.string().max(1024), totp: totpSchema.optional() })

/** `GET /api/sessions`: the devices that are signed in to this account; `DELETE /api/sessions/:session` signs one out. */
export const deviceSchema = z.object({ id: z.string(), agent: z.string(), address: z.string(), createdAt: instant, seenAt: instant, current: z.boolean() })
export type Device = z.infer<typeof deviceSchema>

/** `GET /api/users`, `POST /api/users`, `PATCH /api/users/:name`, `DELETE /api/users/:name`. */
export const accountSchema = z.object({ name: z.string(), role: roleSchema, totp: z.boolean(), createdAt: instant, seenAt: instant.optional() })
export type Account = z.infer<typeof accountSchema>
export const newAccountSchema = z.strictObject({ name: accountNameSchema, password: passwordSchema, role: roleSchema })
export const changeAccountSchema = z.strictObject({ role: roleSchema.optional(), password: passwordSchema.optional() })

/** `POST /api/account/password`. */
export const changePasswordSchema = z.strictObject({ password: z.string().max(1024), newPassword: passwordSchema })
/** `POST /api/account/totp` gives the secret; `POST /api/account/totp/confirm` turns it on; `DELETE /api/account/totp` off. */
export const totpBeginSchema = z.object({ secret: z.string(), uri: z.string() })
export type TotpBegin = z.infer<typeof totpBeginSchema>
export const totpConfirmSchema = z.strictObject({ totp: totpSchema })

/** `api`: in `Authorization: Bearer`. `widget`: may only read one application's widget, in pages of `frameAncestors`. */
export const tokenKindSchema = z.enum(['api', 'widget'])
/** `GET /api/tokens`; `DELETE /api/tokens/:id` revokes. */
export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: tokenKindSchema,
  role: roleSchema,
  /** Only these applications; absent: all. */
  apps: z.array(z.string()).optional(),
  frameAncestors: z.array(z.string()).optional(),
  createdAt: instant,
  expiresAt: instant.optional(),
  usedAt: instant.optional(),
})
export type Token = z.infer<typeof tokenSchema>
/** `POST /api/tokens`; the answer holds the token's text once. */
export const newTokenSchema = z.strictObject({
  name: z.string().min(1).max(64),
  kind: tokenKindSchema.default('api'),
  role: roleSchema.default('viewer'),
  apps: z.array(z.string()).min(1).optional(),
  frameAncestors: z.array(z.string().regex(/^(?:https?:\/\/[A-Za-z0-9.*:[\]-]+|'self')$/)).max(20).optional(),
  days: z.int().min(1).max(3650).optional(),
})
export type NewToken = z.infer<typeof newTokenSchema>
export const createdTokenSchema = z.object({ ...tokenSchema.shape, text: z.string() })
export type CreatedToken = z.infer<typeof createdTokenSchema>

/** Who did what, and whether it was allowed. */
export const auditEntrySchema = z.object({ at: instant, who: z.string(), address: z.string(), action: z.string(), target: z.string().optional(), outcome: z.enum(['ok', 'denied', 'failed']) })
export type AuditEntry = z.infer<typeof auditEntrySchema>
/** `GET /api/audit?limit=&cursor=`, newest first. */
export const auditPageSchema = z.object({ entries: z.array(auditEntrySchema), next: z.string().optional() })
export type AuditPage = z.infer<typeof auditPageSchema>
