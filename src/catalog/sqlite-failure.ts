import { AppError, messageOf } from '../kit/app-error.ts'

/**
 * What an error of SQLite means to the user; anything else is given back as it is. Source of the numbers: SQLite's
 * "Result and Error Codes"; the lower byte of an extended code is the primary one.
 */
export function sqliteFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const cause = { cause: error }
  switch (error.errcode % 256) {
    case 5: case 6:
      return new AppError('lock.held', `${path} stayed locked by another program`, { hint: 'Only one server may use a data folder at a time.', retry: true, ...cause })
    case 8: case 14:
      return new AppError('state.denied', `${path} cannot be opened or written: ${messageOf(error)}`, { hint: 'Run as the owner of this file, or correct its rights and those of its folder.', ...cause })
    case 10:
      return new AppError('storage.failed', `${path} cannot be read or written: ${messageOf(error)}`, { hint: 'Check the disk that it lies on.', ...cause })
    case 11: case 26:
      return new AppError('state.damaged', `${path} is damaged: ${messageOf(error)}`, { hint: 'Move it away together with its -wal and -shm, or bring back a copy of it.', ...cause })
    case 13:
      return new AppError('storage.full', `There is no room left for ${path}`, { hint: 'Free space on the disk that it lies on.', ...cause })
    default:
      return error
  }
}
