import { hash } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import { messageOf, systemCode } from '../kit/app-error.ts'
import type { Accounts } from './accounts.ts'
import { applyMetadata } from './entry-metadata.ts'
import type { FileBatch, FileTrouble } from './file-batch.ts'
import type { Libc } from './libc.ts'
import { WriteProblems } from './write-problems.ts'

// Owners come as numbers.
const nobody: Accounts = { userName: () => undefined, groupName: () => undefined, userId: () => undefined, groupId: () => undefined }

/**
 * Compares the contents of a batch with their hashes, writes them, sets owners, modes and times, and closes the files. What
 * went wrong is put into the batch; a file whose content is another is not written.
 */
export function finishFiles(batch: FileBatch, libc: Libc): void {
  const troubles: FileTrouble[] = []
  for (let index = 0; index < batch.count; index++) finishFile(batch, index, libc, troubles)
  batch.putTroubles(troubles)
}

function finishFile(batch: FileBatch, index: number, libc: Libc, troubles: FileTrouble[]): void {
  const { fd, content, sha256, uid, gid, mode, mtimeNs } = batch.file(index)
  let closed = false
  try {
    if (!hash('sha256', content, 'buffer').equals(sha256)) {
      troubles.push({ file: index, kind: 'damaged' })
      return
    }
    for (let done = 0; done < content.length;) done += writeSync(fd, content, done, content.length - done, done)
    const problems = new WriteProblems()
    const owner = { ...(uid === undefined ? undefined : { uid }), ...(gid === undefined ? undefined : { gid }) }
    applyMetadata(fd, { path: '.', kind: 'file', mode, mtimeNs, ...owner }, { trusted: false, ownership: 'numeric', accounts: nobody, libc, problems })
    for (const { code, message } of problems.all()) troubles.push({ file: index, kind: 'problem', code, message })
    // Closed even where it fails (close(2), Linux).
    closed = true
    closeSync(fd)
  } catch (error) {
    troubles.push({ file: index, kind: 'failed', code: systemCode(error), message: messageOf(error), closed })
  }
}
