import { AppError, systemCode } from '../kit/app-error.ts'

/** What a failed system call means for the user; errors that are no system's are given as they are. */
export function localFailure(error: unknown, what: string): unknown {
  const code = error instanceof AppError ? undefined : systemCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('storage.full', `No space is left for ${what}`, { hint: 'Free space there, or keep fewer restore points.', cause: error })
  if (code === 'ENOENT') return new AppError('storage.missing', `${what} is not there`, { cause: error })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new AppError('storage.denied', `${what} may not be accessed (${code})`, { hint: 'Check the owner and mode of the folder, and whether its disk is mounted for writing.', cause: error })
  }
  return new AppError('storage.failed', `${what} could not be accessed (${code})`, { cause: error })
}
