import { AppError, messageOf, systemCode } from '../kit/app-error.ts'

/** The error for the user where something of the state folder could not be used. An AppError stays as it is. */
export function stateFailure(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const code = systemCode(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('storage.full', `No space or no inodes are left for the state in ${path}`, { hint: 'Free space there; "df -h" and "df -i" show what is used up.', cause })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new AppError('state.denied', `This user may not use ${path}`, {
      hint: 'Run "holdfast init --group NAME" as its owner with a group that you belong to, or run Holdfast as the user that made it.',
      cause,
    })
  }
  return new AppError('state.denied', `${path} cannot be used: ${messageOf(cause)}`, { hint: 'Check the state folder and its disk.', cause })
}
