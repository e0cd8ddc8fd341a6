import { AppError } from '../../kit/app-error.ts'
import type { InstalledJob, ScheduledJobs } from './backup-job.ts'
import type { CronTable } from './cron-table.ts'
import { cronJobs, withJobs, withoutJobs } from './install-cron.ts'
import type { SystemdFolder } from './systemd-folder.ts'
import { installUnits, removeUnits, unitJobs, unitsOf } from './systemd-folder.ts'
import type { UnitOptions } from './systemd-units.ts'

/** Something that starts programs by a schedule: a crontab, or a folder of systemd's units. */
export interface ScheduleTarget {
  readonly name: string
  jobs(signal: AbortSignal): Promise<readonly InstalledJob[]>
  /** What would lie there, for people. Changes nothing. */
  preview(jobs: ScheduledJobs, signal: AbortSignal): Promise<string>
  /** Puts the jobs there; those of other applications stay. Gives what the user should know. @throws AppError `schedule.failed`, `schedule.invalid`. */
  install(jobs: ScheduledJobs, signal: AbortSignal): Promise<readonly string[]>
  /** Takes the backups of these applications away, all where none are named; gives the applications that it had. */
  remove(apps: readonly string[] | undefined, signal: AbortSignal): Promise<readonly string[]>
}

export function cronTarget(table: CronTable, now: () => Date): ScheduleTarget {
  return {
    name: table.name,
    jobs: async (signal) => await cronJobs(table, signal),
    preview: async (jobs, signal) => Buffer.from(withJobs(await table.read(signal), jobs, table.lineUser, now()), 'latin1').toString('utf8'),
    async install(jobs, signal) {
      const before = await table.read(signal)
      const after = withJobs(before, jobs, table.lineUser, now())
      if (after !== before) await table.write(after, signal)
      const shell = /^\s*SHELL\s*=\s*["']?(\S+?)["']?\s*$/m.exec(after)?.[1]
      return shell === undefined || /\/(?:sh|bash|dash|ash|ksh|mksh|zsh|busybox)$/.test(shell) ? [] : [`${table.name} sets SHELL=${shell}: the lines of Holdfast are for /bin/sh`]
    },
    async remove(apps, signal) {
      const before = await table.read(signal)
      const after = withoutJobs(before, apps)
      if (after === before) return []
      const gone = (await cronJobs(table, signal)).map(({ app }) => app).filter((app) => apps === undefined || apps.includes(app))
      await table.write(after, signal)
      return gone
    },
  }
}

export function systemdTarget(folder: SystemdFolder, options: UnitOptions): ScheduleTarget {
  return {
    name: `systemd (${folder.path})`,
    jobs: async () => await unitJobs(folder),
    preview: async (jobs) => unitsOf(jobs, options).map(({ name, text }) => `# ${folder.path}/${name}\n${text}`).join('\n'),
    install: async (jobs, signal) => await installUnits(folder, unitsOf(jobs, options), signal),
    remove: async (apps, signal) => await removeUnits(folder, apps, signal),
  }
}

/** What a target gives; undefined where it is not there or not ours to read. */
export async function ifReadable<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof AppError && error.code === 'schedule.failed') return undefined
    throw error
  }
}
