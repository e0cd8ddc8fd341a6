import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError, messageOf, systemCode } from '../../kit/app-error.ts'
import { childText } from '../../kit/child.ts'
import { temporaryName } from '../../kit/temporary-name.ts'
import type { InstalledJob, ScheduledJobs } from './backup-job.ts'
import type { UnitFile, UnitOptions } from './systemd-units.ts'
import { appOfUnit, backupUnits, bootUnit, jobOfTimer, thawUnit, unitName } from './systemd-units.ts'

/** A folder of unit files, and the manager that reads it: the system's, or that of a user. */
export type SystemdFolder = { readonly path: string; readonly manager: 'system' | 'user' }

/** All unit files of some jobs. */
export function unitsOf({ backups, thaw }: ScheduledJobs, options: UnitOptions): readonly UnitFile[] {
  return [...backups.flatMap((job) => backupUnits(job, options)), bootUnit(thaw, options)]
}

/** Whether that manager runs here and listens to us. */
export async function isRunning({ manager }: SystemdFolder, signal: AbortSignal): Promise<boolean> {
  if (manager === 'system') return existsSync('/run/systemd/system')
  try {
    await systemctl({ manager }, ['show-environment'], signal)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'interrupted') throw error
    return false
  }
}

/**
 * Writes the units and enables them: timers by timers.target, the boot's by its target. Where the manager runs, it reads them
 * and starts the timers and `started`; gives what the user should know.
 *
 * @throws AppError `schedule.failed`, with nothing written where systemd itself finds fault with a unit.
 */
export async function installUnits(folder: SystemdFolder, units: readonly UnitFile[], signal: AbortSignal, started?: string): Promise<readonly string[]> {
  const notes = await verifyUnits(units, signal)
  try {
    for (const unit of units) await writeUnit(folder, unit)
    for (const { name, text } of units) {
      const target = /^WantedBy=(.+)$/m.exec(text)?.[1]
      if (target !== undefined) await enable(folder, name, target)
    }
  } catch (cause) {
    throw new AppError('schedule.failed', `The units could not be written to ${folder.path}: ${messageOf(cause)}`, { cause })
  }
  if (!await isRunning(folder, signal)) {
    return [...notes, folder.manager === 'system'
      ? 'systemd is not running here: nothing starts until this system is booted with it'
      : 'your systemd manager is not running or cannot be reached: nothing starts until it does (log in again, or "loginctl enable-linger")']
  }
  await systemctl(folder, ['daemon-reload'], signal)
  for (const { name } of units) if (name.endsWith('.timer') || name === started) await systemctl(folder, ['restart', name], signal)
  return notes
}

/** Stops and removes the timers and services of these applications, of all where none are named; that of the boot with the last. */
export async function removeUnits(folder: SystemdFolder, apps: readonly string[] | undefined, signal: AbortSignal): Promise<readonly string[]> {
  const there = await unitJobs(folder)
  const gone = there.filter(({ app }) => apps === undefined || apps.includes(app)).map(({ app }) => app)
  if (gone.length === 0) return []
  await removeUnitFiles(folder, [...gone.flatMap((app) => [`${unitName(app)}.timer`, `${unitName(app)}.service`]), ...(gone.length === there.length ? [thawUnit] : [])], (name) => name.endsWith('.timer'), signal)
  return gone
}

/** Takes these units away, after stopping those that `isStopped` names. @throws AppError `schedule.failed`. */
export async function removeUnitFiles(folder: SystemdFolder, names: readonly string[], isStopped: (name: string) => boolean, signal: AbortSignal): Promise<void> {
  const running = await isRunning(folder, signal)
  try {
    for (const name of names) {
      if (running && isStopped(name)) await systemctl(folder, ['stop', name], signal)
      for (const wants of ['timers.target', 'multi-user.target', 'default.target']) await rm(join(folder.path, `${wants}.wants`, name), { force: true })
      await rm(join(folder.path, name), { force: true })
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('schedule.failed', `The units in ${folder.path} could not be removed: ${messageOf(cause)}`, { cause })
  }
  if (running) await systemctl(folder, ['daemon-reload'], signal)
}

/** The text of a unit that lies there. @throws AppError `schedule.failed`. */
export async function unitText({ path }: SystemdFolder, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(path, name), 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return undefined
    throw new AppError('schedule.failed', `${join(path, name)} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/** How a unit stands in systemd's own word: `active`, `activating`, `failed`, `inactive`. @throws AppError `schedule.failed`. */
export async function unitState(folder: SystemdFolder, name: string, signal: AbortSignal): Promise<string> {
  const told = await systemctl(folder, ['show', '--property=ActiveState', name], signal)
  return /^ActiveState=(.+)$/m.exec(told)?.[1] ?? 'unknown'
}

/** The backups whose timers lie there. */
export async function unitJobs({ path }: SystemdFolder): Promise<readonly InstalledJob[]> {
  const names = await readdir(path).catch((error: unknown) => {
    if (['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) return []
    throw error
  })
  const jobs: InstalledJob[] = []
  for (const name of names.toSorted()) {
    const app = appOfUnit(name)
    if (app !== undefined) jobs.push(jobOfTimer(app, await readFile(join(path, name), 'utf8'), join(path, name)))
  }
  return jobs
}

/** Lets systemd itself read the units before they are put in place. Gives a note where it cannot be asked. */
async function verifyUnits(units: readonly UnitFile[], signal: AbortSignal): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-units-'))
  try {
    for (const { name, text } of units) await writeUnit({ path: folder }, { name, text })
    const said: string[] = []
    await childText('systemd-analyze', ['verify', ...units.map(({ name }) => join(folder, name))], { signal, timeoutMs: 60_000, onStderrLine: (line) => said.push(line) })
    // It ends well also with keys that it does not know.
    const faults = said.filter((line) => line.includes(folder) && !/Special user/.test(line))
    if (faults.length > 0) throw new AppError('process.failed', faults.join(' | '))
    return []
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'interrupted') throw cause
    if (cause instanceof AppError && cause.code === 'process.missing') return ['there is no program systemd-analyze here: the units were not checked by systemd']
    throw new AppError('schedule.failed', `systemd does not accept the units: ${messageOf(cause).replaceAll(folder, '')}`, { hint: 'See them with --dry-run, and report this; --cron needs no systemd.', cause })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeUnit({ path }: Pick<SystemdFolder, 'path'>, { name, text }: UnitFile): Promise<void> {
  await mkdir(path, { recursive: true })
  const temporary = join(path, temporaryName())
  try {
    {
      await using handle = await open(temporary, 'wx', 0o644)
      await handle.writeFile(text)
      await handle.sync()
    }
    await chmod(temporary, 0o644)
    await rename(temporary, join(path, name))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** As "systemctl enable" does it, which a manager that does not run could not be asked for. */
async function enable({ path }: SystemdFolder, name: string, target: string): Promise<void> {
  const wants = join(path, `${target}.wants`)
  await mkdir(wants, { recursive: true })
  await rm(join(wants, name), { force: true })
  await symlink(`../${name}`, join(wants, name))
}

async function systemctl({ manager }: Pick<SystemdFolder, 'manager'>, args: readonly string[], signal: AbortSignal): Promise<string> {
  // Where a user's manager is reached stands in these.
  const names = ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS']
  const env = Object.fromEntries(names.flatMap((name) => process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  try {
    return await childText('systemctl', [...(manager === 'user' ? ['--user'] : []), '--quiet', ...args], { signal, timeoutMs: 90_000, env })
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'interrupted') throw cause
    throw new AppError('schedule.failed', `"systemctl ${args.join(' ')}" failed: ${messageOf(cause)}`, { cause })
  }
}
