import type { Principal } from '../../model/principal.ts'

/** Whether what concerns this application may be shown to the principal: routes that declare `narrows` ask it for each one. */
export function mayUse(principal: Principal, app: string): boolean {
  if (principal.kind === 'anonymous') return false
  return principal.kind === 'account' || principal.apps === undefined || principal.apps.includes(app)
}
