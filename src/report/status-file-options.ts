import { z } from 'zod'

/** Where the server writes how all stand. */
export const statusFileOptionsSchema = z.strictObject({
  path: z.string().min(1).describe('The file; relative to the configuration file.'),
  everybody: z.boolean().default(false).describe('Whether everybody may read it (mode 0644), not only its owner and group (0640).'),
})
