import { shellQuote } from '../../kit/shell-quote.ts'
import type { BackupJob, InstalledJob } from './backup-job.ts'
import type { MarkedBlock } from './marked-blocks.ts'

/**
 * A crontab's line for a backup. It is silent when all went well; otherwise cron mails what was said. In /etc/cron.d the line
 * names the user too. A `%` would end the command there, so it is escaped (crontab(5)).
 */
export function cronLine({ schedule, command }: BackupJob, user?: string): string {
  const seconds = Math.floor(schedule.jitterMs / 1000)
  // Of the kernel's randomness: the time and the process id are alike on machines that were set up alike.
  const wait = seconds === 0 ? '' : `sleep $(( $(od -An -N4 -tu4 /dev/urandom) % ${seconds + 1} )); `
  return `${schedule.cron} ${user === undefined ? '' : `${user} `}${escaped(`${wait}out=$(${words(command)} 2>&1) || echo "$out"`)}`
}

/** The line that runs once after each start of the machine. */
export function bootLine(command: readonly string[], user?: string): string {
  return `@reboot ${user === undefined ? '' : `${user} `}${escaped(`out=$(${words(command)} 2>&1) || echo "$out"`)}`
}

/** The backup that a block of a crontab holds, if it holds one. */
export function jobOfBlock({ name, lines }: MarkedBlock, where: string): InstalledJob | undefined {
  const app = /^backup (.+)$/.exec(name)?.[1]
  if (app === undefined) return undefined
  const cron = lines.flatMap((line) => /^\s*([\d*,/-]+(?:\s+[\d*,/-]+){4})\s/.exec(line)?.[1] ?? [])[0]
  return { app, where, ...(cron === undefined ? {} : { cron }) }
}

function words(command: readonly string[]): string {
  return command.map(shellQuote).join(' ')
}

function escaped(line: string): string {
  return line.replaceAll('%', '\\%')
}
