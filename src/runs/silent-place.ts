import { AppError } from '../kit/app-error.ts'

/** The error for a folder that does not answer, as FolderProbe tells. */
export function silentPlace(folder: string): AppError {
  return new AppError('vault.silent', `${folder} does not answer`, { hint: 'Its network mount or its disk hangs: see whether "ls" answers there.', retry: true })
}
