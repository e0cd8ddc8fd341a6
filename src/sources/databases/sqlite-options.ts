import { z } from 'zod'

export const sqliteOptionsSchema = z.strictObject({
  type: z.literal('sqlite'),
  path: z.string().min(1).describe('The database file; relative to the application\'s root.'),
})
