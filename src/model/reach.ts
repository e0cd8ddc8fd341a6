import { z } from 'zod'

/** Where a place lies: on this machine, on another one in the network, or in a cloud. */
export const reachSchema = z.enum(['local', 'network', 'cloud'])
export type Reach = z.infer<typeof reachSchema>
