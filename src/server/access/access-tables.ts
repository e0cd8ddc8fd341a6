import type { Generated } from 'kysely'

/**
 * The tables of access.sqlite. Instants are milliseconds since 1970. No table holds a password or the text of a session or a
 * token, only hashes of them; the one secret that must be kept as it is, an authenticator's, lies in `credentials`, and the
 * file is for its owner alone.
 */
export type AccessTables = {
  accounts: { id: string; name: string; role: string; created_at: number; seen_at: number | null }
  /**
   * What proves an account. `password`: `secret` is its argon2id hash. `totp`: `secret` is the key in base 32, `confirmed_at` when
   * it was turned on, `used_step` the newest time step whose code was accepted. Passkeys and OIDC will be further kinds, of
   * which an account may have several.
   */
  credentials: { id: string; account: string; kind: 'password' | 'totp'; secret: string; confirmed_at: number | null; used_step: number | null }
  sessions: { id: string; hash: string; account: string; agent: string; address: string; created_at: number; seen_at: number; elevated_until: number }
  /** `apps` and `frame_ancestors`: lists in JSON. */
  tokens: { id: string; hash: string; name: string; kind: string; role: string; apps: string | null; frame_ancestors: string | null; created_at: number; expires_at: number | null; used_at: number | null }
  audit: { id: Generated<number>; at: number; who: string; address: string; action: string; target: string | null; outcome: string }
}
