import type { z } from 'zod'
import { AppError } from '../kit/app-error.ts'

/**
 * A reader of columns that hold one word of a list. A schema's own parsing takes ten times as long, which thousands of rows of
 * an overview feel.
 *
 * @throws AppError `state.damaged` for another word, from what is given back.
 */
export function storedWord<Word extends string>(schema: z.ZodEnum<Readonly<Record<Word, Word>>>): (text: string) => Word {
  const words = new Map<string, Word>(schema.options.map((word) => [word, word]))
  return (text) => {
    const word = words.get(text)
    if (word === undefined) throw new AppError('state.damaged', 'A row of the catalog cannot be read', { hint: 'Move catalog.sqlite away with its -wal and -shm: it is made again.' })
    return word
  }
}
