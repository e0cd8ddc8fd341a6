import type { z } from 'zod'
import { AppError } from '../kit/app-error.ts'

/** What a column holds as JSON. @throws AppError `state.damaged` where it is not what was written there. */
export function storedJson<Value>(schema: z.ZodType<Value>, text: string): Value {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError('state.damaged', 'A row of the catalog cannot be read', { hint: 'Move catalog.sqlite away with its -wal and -shm: it is made again.', cause })
  }
}
