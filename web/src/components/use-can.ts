import type { Role } from '../../../src/model/api/access.ts'
import { useSession } from '../api/queries.ts'

const ranks: readonly Role[] = ['viewer', 'operator', 'admin']

/** Whether who is signed in may do what this role may. The server decides; this only hides what it would refuse. */
export function useCan(role: Role): boolean {
  const own = useSession().data?.user?.role
  return own !== undefined && ranks.indexOf(own) >= ranks.indexOf(role)
}
