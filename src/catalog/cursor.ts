import { z } from 'zod'
import { AppError } from '../kit/app-error.ts'

/** Where a page of a list ended: the time of its last row, and what tells rows of that time apart. */
export type Cursor = { readonly at: number; readonly key: string }

const cursorSchema = z.tuple([z.int(), z.string()])

/** As a word that a client gives back unread. */
export function writeCursor({ at, key }: Cursor): string {
  return Buffer.from(JSON.stringify([at, key])).toString('base64url')
}

/** @throws AppError `usage` for what `writeCursor` has not made. */
export function readCursor(word: string): Cursor {
  try {
    const [at, key] = cursorSchema.parse(JSON.parse(Buffer.from(word, 'base64url').toString('utf8')))
    return { at, key }
  } catch (cause) {
    throw new AppError('usage', 'The cursor is none that this list has given', { hint: 'Ask again without it, for the first page.', cause })
  }
}
