import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import type { Config } from './config-schema.ts'
import { thisPerson } from './default-paths.ts'
import type { Person } from './default-paths.ts'
import { hasLiteralSecret } from './literal-secrets.ts'
import { parseConfig } from './parse-config.ts'

const largestBytes = 1024 * 1024

/**
 * Reads and checks a configuration file.
 *
 * @throws AppError `config.missing`; `config.unsafe` for a file that somebody else could have written (its hooks would run
 *   as us), or that holds a literal secret and is readable by all; `config.invalid` as parseConfig.
 */
export async function loadConfig(file: string, person: Person = thisPerson()): Promise<Config> {
  const { text, stats } = await readConfig(file)
  checkWriters(file, stats, person)
  const config = parseConfig(text, file, person.home)
  if ((stats.mode & 0o004) !== 0 && hasLiteralSecret(config)) {
    throw new AppError('config.unsafe', `${file} holds a password and can be read by everybody`, { hint: `chmod o-rwx ${quoted(file)}` })
  }
  return config
}

async function readConfig(file: string): Promise<{ text: string; stats: Stats }> {
  await using handle = await openConfig(file)
  // Of the opened file itself: the name may mean another one a moment later.
  const stats = await handle.stat()
  if (!stats.isFile()) throw new AppError('config.missing', `${file} is not a file`, { hint: 'Name the file itself: --config FOLDER/holdfast.yaml.' })
  if (stats.size > largestBytes) throw new AppError('config.invalid', `${file} is larger than 1 MB: it cannot be a configuration`)
  const bytes = await handle.readFile()
  return { text: decode(file, bytes), stats }
}

async function openConfig(file: string): Promise<FileHandle> {
  try {
    // A named pipe without a writer would hold us forever.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const reason = systemCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(cause)}`
    throw new AppError('config.missing', `The configuration file ${file} ${reason}`, { hint: 'Check the path and who may read it.', cause })
  }
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const line = firstBadLine(bytes)
    throw new AppError('config.invalid', `${file}:${line}: this line is not UTF-8 text`, { hint: 'Save the file as UTF-8.', cause })
  }
}

function firstBadLine(bytes: Uint8Array): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline === -1 ? bytes.length : newline
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end))
    } catch {
      return line
    }
    start = end + 1
  }
  return 1
}

/** Who can write the file decides which commands run as us, and where data goes. */
function checkWriters(file: string, stats: Stats, { uid }: Person): void {
  if (stats.uid !== 0 && stats.uid !== uid) {
    throw new AppError('config.unsafe', `${file} belongs to another user (${stats.uid}), whose commands it could run as you`, { hint: `Look it over, then: chown ${uid === 0 ? 'root' : uid} ${quoted(file)}` })
  }
  if ((stats.mode & 0o002) !== 0) {
    throw new AppError('config.unsafe', `${file} can be written by everybody, whose commands it would run`, { hint: `Look it over, then: chmod o-w ${quoted(file)}` })
  }
  // Many systems give each user a group of his own and files its write permission; root's configuration has no such excuse.
  const ownGroup = stats.gid === 0 || (uid !== 0 && stats.uid === uid && stats.gid === process.getegid?.())
  if ((stats.mode & 0o020) !== 0 && !ownGroup) {
    throw new AppError('config.unsafe', `${file} can be written by its group (${stats.gid}), whose commands it would run`, { hint: `Look it over, then: chmod g-w ${quoted(file)}` })
  }
}

function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll('\'', '\'\\\'\'')}'`
}
