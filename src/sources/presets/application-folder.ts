import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, systemCode } from '../../kit/app-error.ts'

// No configuration file is as large; what is would only fill the memory.
const largestBytes = 1024 * 1024

/** What presets may look at of an application: names, and the text of small files. Nothing in it is ever executed. */
export class ApplicationFolder {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path))
  }

  /** Names in a folder, sorted; none where there is no such folder. @throws AppError `source.unreadable` for one that may not be read. */
  list(path: string): readonly string[] {
    const full = join(this.root, path)
    try {
      return readdirSync(full).sort()
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return []
      throw new AppError('source.unreadable', `The folder ${full} cannot be read`, { hint: 'Holdfast looks there for what it should know of the application: run it as a user that may read it.', cause })
    }
  }

  /** The text of a file; undefined where there is none. @throws AppError `source.unreadable` for one that may not be read, is too large or is no file. */
  read(path: string): string | undefined {
    const full = join(this.root, path)
    try {
      // A pipe under that name must not stop us.
      const file = openSync(full, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const stats = fstatSync(file)
        if (!stats.isFile() || stats.size > largestBytes) throw new AppError('source.unreadable', `${full} is no configuration file: ${stats.isFile() ? 'it is too large' : 'it is no plain file'}`)
        return readFileSync(file, 'utf8')
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return undefined
      throw new AppError('source.unreadable', `${full} cannot be read`, { hint: 'Holdfast reads the database\'s name and password there: run it as a user that may read it, or name the database in holdfast.yaml.', cause })
    }
  }
}
