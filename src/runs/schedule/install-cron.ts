import { AppError } from '../../kit/app-error.ts'
import type { BackupJob, InstalledJob, ScheduledJobs } from './backup-job.ts'
import { bootLine, cronLine, jobOfBlock } from './cron-lines.ts'
import type { CronTable } from './cron-table.ts'
import { markedBlocks, withBlock } from './marked-blocks.ts'

const bootBlock = 'thaw'

/**
 * The crontab's text with a block for each backup and one for the boot; all else stays byte for byte, and the same again gives
 * the same. @throws AppError `schedule.invalid` for a time zone that is not the machine's: cron knows no other.
 */
export function withJobs(text: string, { backups, thaw }: ScheduledJobs, user: string | undefined, now: Date): string {
  let changed = text
  for (const job of backups) {
    requireLocalTime(job, now)
    changed = withBlock(changed, blockName(job.app), latin1([cronLine(job, user)]))
  }
  return withBlock(changed, bootBlock, latin1([bootLine(thaw, user)]))
}

/** The text without the blocks of these applications, and without that of the boot once no backup is left. */
export function withoutJobs(text: string, apps: readonly string[] | undefined): string {
  let changed = text
  for (const { app } of jobsIn(text, '')) if (apps === undefined || apps.includes(app)) changed = withBlock(changed, blockName(app), undefined)
  return jobsIn(changed, '').length === 0 ? withBlock(changed, bootBlock, undefined) : changed
}

export async function cronJobs(table: CronTable, signal: AbortSignal): Promise<readonly InstalledJob[]> {
  return jobsIn(await table.read(signal), table.name)
}

function jobsIn(text: string, where: string): readonly InstalledJob[] {
  return markedBlocks(text).flatMap((block) => jobOfBlock(block, where) ?? [])
}

function blockName(app: string): string {
  return `backup ${app}`
}

/** A crontab's text stands as bytes, one character each; what is added comes as UTF-8. */
function latin1(lines: readonly string[]): readonly string[] {
  return lines.map((line) => Buffer.from(line, 'utf8').toString('latin1'))
}

function requireLocalTime({ app, schedule }: BackupJob, now: Date): void {
  if (schedule.timezone === undefined) return
  const clocks = [undefined, schedule.timezone].map((timeZone) => new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) }))
  // Zones of two names may show the same time all the year.
  const moments = Array.from({ length: 26 }, (_, index) => new Date(now.getTime() + index * 15 * 86_400_000))
  if (moments.every((at) => new Set(clocks.map((clock) => clock.format(at))).size === 1)) return
  throw new AppError('schedule.invalid', `${app} is scheduled in the time zone ${schedule.timezone}, and cron knows only the machine's`, { hint: 'Use --systemd, or leave the time zone out.' })
}
