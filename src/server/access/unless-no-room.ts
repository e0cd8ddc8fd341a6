import { AppError } from '../../kit/app-error.ts'

/** For writes that may be missed: a disk that is full must not keep out those who want to see why. */
export async function unlessNoRoom(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof AppError) || !['storage.full', 'lock.held', 'state.denied'].includes(error.code)) throw error
  }
}
