import { randomBytes } from 'node:crypto'
import { closeSync, fchownSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../../kit/app-error.ts'

/** Room for some hundred sign-ins. */
const sizeBytes = 1024 * 1024

/** A file that only takes room, and gives it up for what must be possible on a disk that is full: signing in, to make room. */
export class Reserve {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    this.#fill()
  }

  /** Does it; where there is no room left, once more with what was kept. @throws what `act` does. */
  async spend<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      const result = await act()
      this.#fill()
      return result
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'storage.full') throw error
      rmSync(this.#path, { force: true })
      return await act()
    }
  }

  #fill(): void {
    try {
      // What cannot be compressed: else it would hold no room.
      const file = openSync(this.#path, 'wx', 0o600)
      try {
        // Root may use the command line while the server is another user's, who must be able to give it up.
        const { uid, gid } = statSync(dirname(this.#path))
        if (process.geteuid?.() === 0) fchownSync(file, uid, gid)
        writeSync(file, randomBytes(sizeBytes))
        fsyncSync(file)
      } catch (error) {
        rmSync(this.#path)
        throw error
      } finally {
        closeSync(file)
      }
    } catch {
      // It is there already, or there is no room for it now: then what is left is used up by what needs it.
    }
  }
}
