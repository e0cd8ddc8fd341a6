import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Access } from '../../../src/server/access/access.ts'
import type { Principal } from '../../../src/model/principal.ts'

/** A clock that tests move. */
export class Clock {
  ms = Date.parse('2026-03-01T12:00:00Z')
  readonly now = (): number => this.ms

  pass(time: { days?: number; hours?: number; minutes?: number; seconds?: number }): void {
    this.ms += (((time.days ?? 0) * 24 + (time.hours ?? 0)) * 60 + (time.minutes ?? 0)) * 60_000 + (time.seconds ?? 0) * 1000
  }
}

/** Argon2's least: what it costs is not what most tests are about. */
export const cheap = { memoryKib: 8, passes: 1, lanes: 1 }
export const password = 'correct horse battery'
export const device = { address: '192.0.2.1', agent: 'Firefox' }

export type Trial = { readonly access: Access; readonly clock: Clock; readonly folder: string; reopen(): Promise<Access> }

/** Access in a folder of its own, removed afterwards. */
export async function withAccess(body: (trial: Trial) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  const clock = new Clock()
  const opened: Access[] = []
  const open = async (): Promise<Access> => {
    const access = await Access.open(join(folder, 'data'), { now: clock.now, passwordCost: cheap })
    opened.push(access)
    return access
  }
  try {
    await body({ access: await open(), clock, folder: join(folder, 'data'), reopen: open })
  } finally {
    for (const access of opened) await access[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The same with an admin `anna`. */
export async function withAnna(body: (trial: Trial) => Promise<void>): Promise<void> {
  await withAccess(async (trial) => {
    await trial.access.accounts.add({ name: 'anna', password, role: 'admin' })
    await body(trial)
  })
}

/** Who asks with this session over plain HTTP. */
export async function whoHas(access: Access, session: string): Promise<Principal> {
  return await access.authenticate(new Request('http://127.0.0.1/', { headers: { cookie: `holdfast=${session}` } }), device.address, false)
}

export async function personOf(access: Access, session: string): Promise<Extract<Principal, { kind: 'account' }>> {
  const principal = await whoHas(access, session)
  if (principal.kind !== 'account') throw new Error('nobody is signed in')
  return principal
}
