import { AppError } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import type { VaultReader } from '../../model/vault.ts'
import { openArchiveFile } from '../archive-file.ts'
import { candidateAt } from './find-candidates.ts'
import { ForeignVault } from './foreign-vault.ts'
import { knownTitles, recognise } from './recognise.ts'
import type { RecogniseOptions } from './recognise.ts'

/**
 * One archive outside any place, ours or another program's: a vault with one restore point. Of a set any of its files may be
 * named. @throws AppError `vault.missing`, `storage.denied`, `archive.foreign`, and what reading it throws.
 */
export async function openAnyArchive(path: string, options: RecogniseOptions, run: Run): Promise<VaultReader> {
  const { password, tempFolder } = options
  try {
    const own = await openArchiveFile(path, { ...(password === undefined ? {} : { password }), ...(tempFolder === undefined ? {} : { tempFolder }) })
    await own.snapshots(run)
    return own
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'archive.foreign') throw error
  }
  const found = await recognise(candidateAt(path), options, run)
  if (found === undefined || found === 'ours') {
    throw new AppError('archive.foreign', `${path} is no restore point of Holdfast, and no archive of a program that it knows`, { hint: `Known are: ${knownTitles()}.` })
  }
  // What it holds of the reading lies in a file without a name, which ends with the process.
  return new ForeignVault(found.point, { ...options, records: found.survey.records })
}
