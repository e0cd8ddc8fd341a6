import { AppError, systemCode } from '../kit/app-error.ts'

/** The error for the user where the system refused to write `what` (a path, or words for it). An AppError stays as it is. */
export function writeFailure(error: unknown, what: string): AppError {
  if (error instanceof AppError) return error
  const code = systemCode(error)
  switch (code) {
    case 'ENOSPC':
      return new AppError('storage.full', `No space or no inodes are left for ${what}`, { hint: 'Free space there; "df -h" and "df -i" show what is used up.', cause: error })
    case 'EDQUOT':
      return new AppError('storage.full', `The quota is used up at ${what}`, { hint: 'Free space, or raise the quota.', cause: error })
    case 'EROFS':
      return new AppError('storage.denied', `The file system is read-only at ${what}`, { hint: 'Mount it for writing, or choose another target.', cause: error })
    case 'EACCES':
    case 'EPERM':
      return new AppError('storage.denied', `${what} may not be written by this user`, { hint: 'Run as a user that may write there, or correct the permissions.', cause: error })
    default:
      return new AppError('restore.failed', `${what} could not be written (${code ?? 'unexpected error'})`, { hint: 'The cause tells what the system said.', cause: error })
  }
}
