import { access, constants } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { xdgFolder } from './default-paths.ts'
import type { Person } from './default-paths.ts'

/**
 * The configuration file: the one named (`--config`), else `$HOLDFAST_CONFIG`, else the first there is of
 * `$XDG_CONFIG_HOME/holdfast/holdfast.yaml` and `/etc/holdfast/holdfast.yaml`; undefined where there is none.
 * One of these that this user may not read is another's, and passed over.
 * A file in the working folder is never taken unless it is named: it may be somebody else's, and its hooks would run.
 *
 * @param mayBeNew a named file that is not there yet is none.
 * @throws AppError `config.missing` for a named file that is not there or cannot be read.
 */
export async function findConfig(named: string | undefined, person: Person, mayBeNew = false): Promise<string | undefined> {
  const given = named ?? (person.env['HOLDFAST_CONFIG'] || undefined)
  if (given !== undefined) {
    const file = resolve(given)
    try {
      await access(file, constants.R_OK)
      return file
    } catch (cause) {
      if (mayBeNew && systemCode(cause) === 'ENOENT') return undefined
      throw new AppError('config.missing', `The configuration file ${file} ${systemCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(cause)}`}`, {
        hint: named === undefined ? 'HOLDFAST_CONFIG names it: correct or unset it.' : 'Check the path after --config, or make one with "holdfast init".',
        cause,
      })
    }
  }
  for (const file of usualConfigFiles(person)) {
    if (await isThere(file)) return file
  }
  return undefined
}

/** Where a configuration is looked for, in this order. */
export function usualConfigFiles({ home, env }: Person): readonly string[] {
  return [join(xdgFolder(env['XDG_CONFIG_HOME'], home, '.config'), 'holdfast/holdfast.yaml'), '/etc/holdfast/holdfast.yaml']
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return false
    throw error
  }
}
