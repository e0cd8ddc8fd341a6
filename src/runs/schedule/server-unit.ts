import type { UnitFile, UnitOptions } from './systemd-units.ts'
import { protectedKernel, protectedSystem, survivingGuard, systemdCommand } from './systemd-units.ts'

export const serverUnitName = 'holdfast.service'

/** The server gives its runs 25 s to end, its streams 2, and closes its files: systemd waits longer than that. */
const stopWithinSeconds = 45

/**
 * The service of `holdfast serve`.
 *
 * Not among its settings, and why: `KillMode=mixed` or the default would end, with a server that crashes, the runs that live on
 * without it and the guards that start containers again; a stop asks the server, which ends its runs itself. `OOMPolicy=continue`, as
 * one run without memory must not stop the server. A server that has given up makes no backups: it is started again for ever.
 */
export function serverUnit(command: readonly string[], options: UnitOptions): UnitFile {
  return { name: serverUnitName, text: `# Made by "holdfast service install"; your own changes belong into "systemctl edit holdfast".
[Unit]
Description=Holdfast: dashboard, schedules and status
After=local-fs.target remote-fs.target network-online.target docker.service podman.socket mariadb.service mysql.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${systemdCommand(command)}
${options.user === undefined ? '' : `User=${options.user}\n`}Restart=on-failure
RestartSec=10
TimeoutStopSec=${stopWithinSeconds}
${survivingGuard}
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
${hardening(options).join('\n')}

[Install]
WantedBy=${options.user === undefined ? 'default.target' : 'multi-user.target'}
` }
}

/**
 * What neither the server nor a backup, restore or hook of its needs. Not among it, and why: what systemd-units.ts says of
 * backups, and besides a host name of its own (it would go on writing the old one into restore points), `ProtectClock` and
 * `PrivateDevices` (restores make devices; both forbid it), folders of homes (applications lie there), only some
 * folders to write to (restores write wherever applications lie, and whoever may restores into other folders).
 */
function hardening(options: UnitOptions): readonly string[] {
  // Secrets are in its memory while a run uses them.
  const always = ['LimitCORE=0']
  if (options.user === undefined) return always
  // Of what sudo gives to a hook, too, these are never needed.
  const capabilities = 'CapabilityBoundingSet=~CAP_SYS_TIME CAP_SYS_BOOT CAP_SYS_RAWIO CAP_SYS_PACCT CAP_WAKE_ALARM CAP_BLOCK_SUSPEND'
  const system = [...always, ...protectedSystem(options), capabilities]
  if (options.user !== 'root') return system
  return [...system, ...protectedKernel, 'SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap', 'SystemCallErrorNumber=EPERM']
}
