import { z } from 'zod'
import { byteSizePattern } from '../kit/byte-size.ts'

/** A size as people write it, kept as text; kit's `parseByteSize` gives the bytes. */
export const byteSizeSchema = z.string().regex(byteSizePattern, 'a size such as 500MB, 1.5GiB or 20G').describe('a size: `500MB`, `1.5GiB`, `20G`')
