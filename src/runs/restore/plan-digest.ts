import { createHash } from 'node:crypto'
import type { RestorePreview } from './preview-restore.ts'

/** Stands for what somebody has confirmed: 32 hexadecimal digits, others as soon as the restore would replace or remove something else. */
export function planDigest({ changes }: Pick<RestorePreview, 'changes'>, databases: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify([changes, databases])).digest('hex').slice(0, 32)
}
