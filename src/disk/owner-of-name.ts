import { readFileSync } from 'node:fs'
import { AppError } from '../kit/app-error.ts'
import type { FileOwner } from '../model/file-owner.ts'

/** A user of this machine with its own group. @throws AppError `usage` where there is none of that name. */
export function ownerOfName(name: string, passwd = '/etc/passwd'): FileOwner {
  for (const line of readFileSync(passwd, 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name && uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new AppError('usage', `There is no user "${name}" on this machine`, { hint: 'Check the name; "getent passwd" lists them.' })
}
