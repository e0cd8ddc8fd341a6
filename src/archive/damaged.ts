import { AppError } from '../kit/app-error.ts'

/** The error for an archive that is not as it was written; `what` is the part of a sentence after the colon. */
export function damaged(what: string, cause?: unknown): AppError {
  return new AppError('archive.damaged', `The archive is damaged: ${what}`, {
    hint: 'Use another restore point, or another copy of this one.',
    ...(cause === undefined ? {} : { cause }),
  })
}
