import type { Role } from './api/access.ts'

/** Who makes a request. */
export type Principal =
  | { readonly kind: 'anonymous' }
  /** A person, by a session. `elevatedUntil`: milliseconds since 1970; before it the password need not be given again. */
  | { readonly kind: 'account'; readonly name: string; readonly role: Role; readonly session: string; readonly elevatedUntil: number }
  /** A program, by a token; `apps` absent: all applications. */
  | { readonly kind: 'token'; readonly id: string; readonly name: string; readonly tokenKind: 'api' | 'widget'; readonly role: Role; readonly apps?: readonly string[]; readonly frameAncestors?: readonly string[] }
