import { accessSync, constants, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { thisPerson, xdgFolder } from '../config/default-paths.ts'
import { AppError } from '../kit/app-error.ts'
import { childText } from '../kit/child.ts'
import { cronFile, userCrontab } from '../runs/schedule/cron-table.ts'
import type { ScheduleTarget } from '../runs/schedule/schedule-target.ts'
import { cronTarget, systemdTarget } from '../runs/schedule/schedule-target.ts'
import type { SystemdFolder } from '../runs/schedule/systemd-folder.ts'
import { isRunning } from '../runs/schedule/systemd-folder.ts'

export type TargetKind = 'cron' | 'cron-d' | 'systemd'

/** Everything that this user may let start programs for `user`; the kinds that are of no use here are left out. */
export type ScheduleTargets = Readonly<Partial<Record<TargetKind, ScheduleTarget>>> & { readonly folder: SystemdFolder }

const cronFolder = '/etc/cron.d'
export const systemUnits: SystemdFolder = { path: '/etc/systemd/system', manager: 'system' }

/** @throws AppError `usage` for a user that there is not, or whom only root may act for. */
export async function scheduleTargets(user: string | undefined, writable: readonly string[], signal: AbortSignal): Promise<ScheduleTargets> {
  const me = userName()
  const isRoot = process.geteuid?.() === 0
  const name = user ?? me
  if (name !== me) {
    if (!isRoot) throw new AppError('usage', `Only root may schedule for ${name}`, { hint: 'Leave --user out, or run as root.' })
    await requireUser(name, signal)
  }
  const person = thisPerson()
  const folder: SystemdFolder = isRoot ? systemUnits : { path: join(xdgFolder(person.env['XDG_CONFIG_HOME'], person.home, '.config'), 'systemd/user'), manager: 'user' }
  const now = (): Date => new Date()
  return {
    folder,
    systemd: systemdTarget(folder, { writable, ...(isRoot ? { user: name } : {}) }),
    ...(isProgram('crontab') ? { cron: cronTarget(userCrontab({ name, other: name !== me }), now) } : {}),
    ...(isRoot && isFolder(cronFolder) ? { 'cron-d': cronTarget(cronFile(join(cronFolder, 'holdfast'), name), now) } : {}),
  }
}

/** The one that was asked for, else a systemd that runs, else the crontab. @throws AppError `schedule.failed`. */
export async function chosenTarget(targets: ScheduleTargets, kind: TargetKind | undefined, signal: AbortSignal): Promise<{ readonly kind: TargetKind; readonly target: ScheduleTarget }> {
  const found = kind ?? (await isRunning(targets.folder, signal) ? 'systemd' : 'cron')
  const target = targets[found]
  if (target !== undefined) return { kind: found, target }
  if (found === 'cron-d') throw new AppError('schedule.failed', `Only root may write to ${cronFolder}, and it must be there`, { hint: 'Use --cron for your own crontab.' })
  throw new AppError('schedule.failed', kind === undefined ? 'Neither a running systemd nor cron is here' : 'There is no program "crontab" here', { hint: 'Install cron (package cron, or cronie), or write systemd units all the same with --systemd.' })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    throw new AppError('usage', 'The user that runs this has no name on this machine', { hint: 'Run it as a user of the machine.' })
  }
}

async function requireUser(name: string, signal: AbortSignal): Promise<void> {
  try {
    if (/^[A-Za-z_][\w.-]*\$?$/.test(name)) {
      await childText('getent', ['passwd', name], { signal, timeoutMs: 10_000 })
      return
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'interrupted') throw error
  }
  throw new AppError('usage', `There is no user "${name}" on this machine`)
}

function isProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
