import { onCalendar } from '../../policy/schedule.ts'
import type { BackupJob, InstalledJob } from './backup-job.ts'

export type UnitFile = { readonly name: string; readonly text: string }

export type UnitOptions = {
  /** Whom the system's manager runs it as; undefined in a user's own units. */
  readonly user?: string
  /** Folders below /usr, /boot or /etc that it must be able to write to. */
  readonly writable: readonly string[]
}

export const thawUnit = 'holdfast-thaw.service'
const madeBy = '# Made by "holdfast schedule install"; your own changes belong into "systemctl edit".'

/** The service and the timer of one backup. */
export function backupUnits({ app, schedule, command }: BackupJob, options: UnitOptions): readonly UnitFile[] {
  const jitter = Math.floor(schedule.jitterMs / 1000)
  return [
    { name: `${unitName(app)}.service`, text: `${madeBy}
[Unit]
Description=Holdfast: backup of ${app}
After=local-fs.target remote-fs.target network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=${systemdCommand(command)}
${options.user === undefined ? '' : `User=${options.user}\n`}Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
TimeoutStopSec=5min
${survivingGuard}
${hardening(options)}` },
    { name: `${unitName(app)}.timer`, text: `${madeBy}
# cron: ${schedule.cron}${schedule.timezone === undefined ? '' : `\n# timezone: ${schedule.timezone}`}
[Unit]
Description=Holdfast: schedule of the backup of ${app}

[Timer]
${onCalendar(schedule).map((event) => `OnCalendar=${event}`).join('\n')}
${jitter === 0 ? '' : `RandomizedDelaySec=${jitter}\n`}Persistent=${schedule.catchUp !== false}

[Install]
WantedBy=timers.target
` },
  ]
}

/** The service that starts again, once after boot, what an interrupted backup had stopped. */
export function bootUnit(command: readonly string[], options: UnitOptions): UnitFile {
  return { name: thawUnit, text: `${madeBy}
[Unit]
Description=Holdfast: start again what an interrupted backup had stopped
After=local-fs.target remote-fs.target docker.service podman.socket mariadb.service

[Service]
Type=oneshot
ExecStart=${systemdCommand(command)}
${options.user === undefined ? '' : `User=${options.user}\n`}${survivingGuard}
${hardening(options)}
[Install]
WantedBy=${options.user === undefined ? 'default.target' : 'multi-user.target'}
` }
}

/** The application whose unit this is. */
export function appOfUnit(name: string): string | undefined {
  return /^holdfast-backup-(.+)\.timer$/.exec(name)?.[1]
}

/** What a timer says of itself. */
export function jobOfTimer(app: string, text: string, where: string): InstalledJob {
  const cron = /^# cron: (.+)$/m.exec(text)?.[1]
  const timezone = /^# timezone: (.+)$/m.exec(text)?.[1]
  return { app, where, ...(cron === undefined ? {} : { cron }), ...(timezone === undefined ? {} : { timezone }) }
}

export function unitName(app: string): string {
  return `holdfast-backup-${app}`
}

// When a run is killed its guard starts containers again: systemd must not end it with the run.
export const survivingGuard = 'KillMode=process\nOOMPolicy=continue'

/**
 * What a backup surely never needs. Not among it, and why: a private /tmp (sockets and applications lie there), no new privileges
 * (hooks use sudo; for other users than root most settings imply it), restricted setuid bits (the plain folder format keeps
 * them), no executable memory (the runtime compiles), namespaces and control groups (hooks use podman).
 */
function hardening(options: UnitOptions): string {
  return [...protectedSystem(options), ...(options.user === 'root' ? [...protectedKernel, 'ProtectHostname=yes'] : []), ''].join('\n')
}

/** The system's own folders, which only updates change. A user's own manager may not mount. */
export function protectedSystem({ user, writable }: UnitOptions): readonly string[] {
  return user === undefined ? [] : ['ProtectSystem=full', ...writable.map((folder) => `ReadWritePaths=-${systemdWord(folder)}`)]
}

/** For root alone: for others each of these would imply that no hook may use sudo. */
export const protectedKernel: readonly string[] = ['ProtectKernelModules=yes', 'ProtectKernelLogs=yes', 'ProtectKernelTunables=yes', 'LockPersonality=yes', 'RestrictRealtime=yes', 'SystemCallArchitectures=native', 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK']

/** A command as ExecStart reads it (systemd.service(5), "Command lines"). */
export function systemdCommand(command: readonly string[]): string {
  return command.map((word) => systemdWord(word).replaceAll('$', () => '$$')).join(' ')
}

/** One word: quoted where it is not plain, with `%` doubled, which would begin a specifier. */
function systemdWord(word: string): string {
  const safe = word.replaceAll('%', '%%')
  return /^[\w@+=:,./%-]+$/.test(safe) ? safe : `"${safe.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
