import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Access } from '../server/access/access.ts'
import type { CommandContext } from './command-context.ts'

/** The server's accounts and tokens, on this machine itself: whoever may write its data folder needs no password. Loaded only for the commands that need them. */
export async function openAccess({ setup }: CommandContext, data: string | undefined): Promise<Access> {
  const { Access } = await import('../server/access/access.ts')
  return await Access.open(data ?? setup.config?.server.data ?? join(setup.stateRoot, '.server'), { now: Date.now })
}

/** A line in the audit log for what a command does: what goes wrong in `act` is written too, and thrown on. */
export async function audited(access: Access, action: string, target: string, act: () => Promise<void>): Promise<void> {
  const entry = { who: `${userName()} on the machine itself`, address: 'local', action, target }
  try {
    await act()
  } catch (error) {
    await access.audit({ ...entry, outcome: 'failed' })
    throw error
  }
  await access.audit({ ...entry, outcome: 'ok' })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry in passwd, as in a container.
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
