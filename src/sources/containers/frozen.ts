import { z } from 'zod'

/** A container that a run has quiesced, or is about to, as the record keeps it. */
export const frozenSchema = z.object({
  socket: z.string().startsWith('/'),
  id: z.string().min(1),
  name: z.string(),
  how: z.enum(['stop', 'pause', 'maintenance']),
  /** How long the engine may take to stop it. */
  stopSeconds: z.number().nonnegative(),
})
export type Frozen = z.infer<typeof frozenSchema>
