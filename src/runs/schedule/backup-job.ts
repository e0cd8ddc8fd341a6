import type { Schedule } from '../../policy/schedule.ts'

/** A backup that cron or systemd is to start. */
export type BackupJob = {
  readonly app: string
  readonly schedule: Schedule
  /** The program and its arguments, absolute. */
  readonly command: readonly string[]
}

/** What is to be installed: backups, and what starts again at boot what an interrupted backup had stopped. */
export type ScheduledJobs = { readonly backups: readonly BackupJob[]; readonly thaw: readonly string[] }

/** A backup that is found installed. */
export type InstalledJob = {
  readonly app: string
  /** Five fields; undefined where somebody has changed it to what cannot be read. */
  readonly cron?: string
  readonly timezone?: string
  /** `crontab of pi`, a file, or a unit. */
  readonly where: string
}
