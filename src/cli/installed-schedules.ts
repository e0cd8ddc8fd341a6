import { fileSafe } from '../kit/file-safe.ts'
import type { InstalledJob } from '../runs/schedule/backup-job.ts'
import { ifReadable } from '../runs/schedule/schedule-target.ts'
import { unitJobs } from '../runs/schedule/systemd-folder.ts'
import type { Setup } from '../runs/setup.ts'
import type { ScheduleTargets } from './schedule-targets.ts'
import { systemUnits } from './schedule-targets.ts'

const kinds = ['systemd', 'cron', 'cron-d'] as const

/** Backups of these applications that cron or systemd start by themselves, as far as this user may see them. */
export async function installedFor(targets: ScheduleTargets, apps: readonly string[], signal: AbortSignal): Promise<readonly InstalledJob[]> {
  const found: InstalledJob[] = targets.folder.path === systemUnits.path ? [] : [...await unitJobs(systemUnits)]
  for (const kind of kinds) found.push(...await ifReadable(targets[kind]?.jobs(signal) ?? Promise.resolve([])) ?? [])
  return found.filter(({ app }) => apps.includes(app))
}

/** Takes them away where this user may; gives from where. @throws AppError `schedule.failed`. */
export async function removeInstalled(targets: ScheduleTargets, apps: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const from: string[] = []
  for (const kind of kinds) {
    const target = targets[kind]
    const gone = target === undefined || await ifReadable(target.jobs(signal)) === undefined ? [] : await target.remove(apps, signal)
    if (target !== undefined && gone.length > 0) from.push(`${target.name}: ${gone.join(', ')}`)
  }
  return from
}

/** The names, as timers and crontabs bear them, of the applications that the server starts by itself. */
export function scheduledApps({ config }: Pick<Setup, 'config'>): readonly string[] {
  return Object.entries(config?.apps ?? {}).flatMap(([name, { schedule }]) => schedule === undefined ? [] : [fileSafe(name)])
}

export function jobWords({ app, cron, where }: InstalledJob): string {
  return `${app}${cron === undefined ? '' : ` (${cron})`} in ${where}`
}

export function twiceWords(job: InstalledJob): string {
  return `the server and this start the same backup, so it would be made twice: ${jobWords(job)}`
}
