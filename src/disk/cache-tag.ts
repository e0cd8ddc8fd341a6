import { join } from 'node:path'
import { beginsWith } from './begins-with.ts'

export const cacheTagName = 'CACHEDIR.TAG'

const signature = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55')

/** Whether a folder has a valid CACHEDIR.TAG (https://bford.info/cachedir/). A tag that cannot be read is none: rather too much is saved than too little. */
export function hasCacheTag(folder: string): boolean {
  return beginsWith(join(folder, cacheTagName), signature)
}
