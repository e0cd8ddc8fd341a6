import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError, messageOf, systemCode } from '../../kit/app-error.ts'
import { childOutput } from '../../kit/child.ts'
import { temporaryName } from '../../kit/temporary-name.ts'

/** A crontab as bytes, one character each, so that lines in any encoding come back as they were. */
export interface CronTable {
  /** As people call it: `crontab of pi`, `/etc/cron.d/holdfast`. */
  readonly name: string
  /** The user whom its lines name, where they do. */
  readonly lineUser?: string
  /** Empty where there is none. */
  read(signal: AbortSignal): Promise<string>
  /** Replaces it whole, and reads it again. @throws AppError `schedule.failed`. */
  write(text: string, signal: AbortSignal): Promise<void>
}

/** A user's crontab, by the program `crontab`; of another user only for root. */
export function userCrontab(user: { readonly name: string; readonly other: boolean }): CronTable {
  const who = user.other ? ['-u', user.name] : []
  const read = async (signal: AbortSignal): Promise<string> => {
    try {
      return await crontab([...who, '-l'], signal)
    } catch (error) {
      // Debian's, Red Hat's and busybox's words for none.
      if (/no crontab for|can't open .*no such file/i.test(messageOf(error))) return ''
      throw failed(`The crontab of ${user.name} cannot be read`, error)
    }
  }
  return {
    name: `crontab of ${user.name}`,
    read,
    async write(text, signal) {
      try {
        if (text === '') await crontab([...who, '-r'], signal)
        else await crontab([...who, '-'], signal, Buffer.from(text, 'latin1'))
      } catch (error) {
        throw failed(`The crontab of ${user.name} could not be changed`, error)
      }
      if (await read(signal) !== text) throw new AppError('schedule.failed', `The crontab of ${user.name} does not hold what was written to it`, { hint: 'Look at it with "crontab -l"; somebody may have changed it at the same time.' })
    },
  }
}

/** A file as in /etc/cron.d, whose lines name the user. */
export function cronFile(path: string, lineUser: string): CronTable {
  return {
    name: path,
    lineUser,
    async read() {
      try {
        return await readFile(path, 'latin1')
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return ''
        throw failed(`${path} cannot be read`, error)
      }
    },
    async write(text) {
      // Cron passes over names with a dot.
      const temporary = join(dirname(path), temporaryName())
      try {
        if (text === '') {
          await rm(path, { force: true })
          return
        }
        {
          await using handle = await open(temporary, 'wx', 0o644)
          await handle.writeFile(text, 'latin1')
          await handle.sync()
        }
        await chmod(temporary, 0o644)
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true })
        throw failed(`${path} could not be written`, error)
      }
    },
  }
}

async function crontab(args: readonly string[], signal: AbortSignal, stdin?: Uint8Array): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const bytes of childOutput('crontab', args, { signal, timeoutMs: 30_000, env: { LC_ALL: 'C' }, ...(stdin === undefined ? {} : { stdin }) })) parts.push(bytes)
  return Buffer.concat(parts).toString('latin1')
}

function failed(what: string, cause: unknown): AppError {
  if (cause instanceof AppError && cause.code === 'interrupted') return cause
  if (cause instanceof AppError && cause.code === 'process.missing') return new AppError('schedule.failed', `${what}: there is no program "crontab"`, { hint: 'Install cron (package cron, or cronie), or use --systemd.' })
  return new AppError('schedule.failed', `${what}: ${messageOf(cause)}`, { cause })
}
