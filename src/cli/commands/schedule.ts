import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { fileSafe } from '../../kit/file-safe.ts'
import { printable } from '../../kit/printable.ts'
import type { Schedule } from '../../policy/schedule.ts'
import { nextRuns, parseSchedule } from '../../policy/schedule.ts'
import type { Application } from '../../runs/application.ts'
import type { BackupJob, InstalledJob, ScheduledJobs } from '../../runs/schedule/backup-job.ts'
import { ifReadable } from '../../runs/schedule/schedule-target.ts'
import { serverUnitName } from '../../runs/schedule/server-unit.ts'
import { unitText } from '../../runs/schedule/systemd-folder.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { launcherPath } from '../launcher-path.ts'
import { table } from '../output.ts'
import { globalWords } from '../global-words.ts'
import { localTime } from '../point-words.ts'
import type { TargetKind } from '../schedule-targets.ts'
import { chosenTarget, scheduleTargets } from '../schedule-targets.ts'
import { writableFolders } from '../writable-folders.ts'

type Options = { cron?: boolean; cronD?: boolean; systemd?: boolean; user?: string; time?: string; at?: string; app?: string; name?: string; dryRun?: boolean }

const shownRuns = 3

export function addScheduleCommand(program: Command): void {
  const schedule = program.command('schedule').description('let cron or systemd start the backups')
  const install = schedule.command('install').description('install the schedules of the configuration, or one that is given here')
  addWhereOptions(install)
    .addOption(new Option('--time <hh:mm>', 'every day at this time').argParser(dailyAt).conflicts('at'))
    .option('--at <schedule>', '"daily", "hourly", "weekly", "monthly", or a cron line: "0 3 * * *"')
    .option('--name <name>', 'with the path of a folder: the application\'s name, as "backup --name" takes it')
    .option('-n, --dry-run', 'only print what would be installed')
    .action(async (options: Options) => {
      await runCommand(install, async (context) => await installSchedules(context, options))
    })
  const list = schedule.command('list').description('show what is installed, and when it runs next')
  list.option('--user <name>', 'whose (root only)').action(async (options: Options) => {
    await runCommand(list, async (context) => await listSchedules(context, options))
  })
  const remove = schedule.command('remove').description('take away what was installed')
  addWhereOptions(remove).option('-n, --dry-run', 'only say what would be removed').action(async (options: Options) => {
    await runCommand(remove, async (context) => await removeSchedules(context, options))
  })
}

function addWhereOptions(command: Command): Command {
  return command
    .addOption(new Option('--cron', 'in the user\'s crontab').conflicts(['cronD', 'systemd']))
    .addOption(new Option('--cron-d', 'in /etc/cron.d/holdfast (root only)').conflicts(['cron', 'systemd']))
    .addOption(new Option('--systemd', 'as systemd timers').conflicts(['cron', 'cronD']))
    .option('--user <name>', 'whom it runs as (root only; default: who installs it)')
    .option('--app <name>', 'only this application: a name of the configuration, or the path of a folder')
}

async function installSchedules(context: CommandContext, options: Options): Promise<number> {
  const { output, signal } = context
  const jobs = jobsToInstall(context, options)
  const targets = await scheduleTargets(options.user, writableFolders(context.setup), signal)
  const { kind, target } = await chosenTarget(targets, kindOf(options), signal)
  if (options.dryRun === true) {
    const preview = await target.preview(jobs, signal)
    output.result({ dryRun: true, target: target.name, preview, jobs: jobs.backups.map(shownJob) }, () => `# ${target.name} would be:\n${preview}`)
    return 0
  }
  const notes = [...await target.install(jobs, signal)]
  // Never twice: what was installed elsewhere before would start as well.
  for (const other of ['cron', 'cron-d', 'systemd'] as const) {
    const earlier = other === kind ? undefined : targets[other]
    const gone = earlier === undefined ? undefined : await ifReadable(earlier.remove(jobs.backups.map(({ app }) => app), signal))
    if (earlier !== undefined && gone !== undefined && gone.length > 0) notes.push(`taken out of ${earlier.name}: ${gone.join(', ')}`)
  }
  const ofServer = await unitText(targets.folder, serverUnitName) === undefined ? [] : jobs.backups.filter(({ app }) => context.setup.config?.apps[app]?.schedule !== undefined)
  if (ofServer.length > 0) notes.push(`holdfast.service is installed and starts these too, so they would be made twice: ${ofServer.map(({ app }) => app).join(', ')}; take these away again with "holdfast service install --take-over"`)
  output.result({ dryRun: false, target: target.name, jobs: jobs.backups.map(shownJob), notes }, () => [
    `installed in ${target.name}:`,
    ...jobs.backups.map((job) => `  ${printable(job.app)}  ${words(job.schedule)}, next ${nextRuns(job.schedule, 1, new Date()).map((at) => localTime(at.toISOString())).join('')}`),
    ...notes.map((note) => `note: ${printable(note)}`),
  ].join('\n'))
  return 0
}

async function listSchedules({ setup, output, signal }: CommandContext, options: Options): Promise<number> {
  const targets = await scheduleTargets(options.user, [], signal)
  const found: InstalledJob[] = []
  for (const kind of ['systemd', 'cron', 'cron-d'] as const) found.push(...await ifReadable(targets[kind]?.jobs(signal) ?? Promise.resolve([])) ?? [])
  const now = new Date()
  const rows = found.map((job) => {
    const wanted = setup.config?.apps[job.app]?.schedule
    const differs = wanted !== undefined && (parseSchedule(wanted).cron !== job.cron || parseSchedule(wanted).timezone !== job.timezone)
    return { ...job, installed: true, next: job.cron === undefined ? [] : nextRuns({ cron: job.cron, ...(job.timezone === undefined ? {} : { timezone: job.timezone }) }, shownRuns, now), note: differs ? 'the configuration says otherwise: install again' : '' }
  })
  for (const [app, { schedule }] of Object.entries(setup.config?.apps ?? {})) {
    if (schedule === undefined || found.some((job) => job.app === app)) continue
    const { cron, timezone } = parseSchedule(schedule)
    rows.push({ app, cron, where: '', installed: false, next: [], note: 'not installed: "holdfast schedule install"', ...(timezone === undefined ? {} : { timezone }) })
  }
  output.result(rows, () => rows.length === 0 ? 'Nothing is scheduled.' : table(['APP', 'SCHEDULE', 'NEXT', 'WHERE'], rows.map(({ app, cron, timezone, next, where, note }) => [
    app, cron === undefined ? '?' : words({ cron, ...(timezone === undefined ? {} : { timezone }) }), next.map((at) => localTime(at.toISOString())).join(', '), [where, note].filter((text) => text !== '').join('; '),
  ])))
  return 0
}

async function removeSchedules({ setup, output, signal }: CommandContext, options: Options): Promise<number> {
  const targets = await scheduleTargets(options.user, [], signal)
  const kind = kindOf(options)
  const kinds = kind === undefined ? ['systemd', 'cron', 'cron-d'] as const : [kind]
  // It may be gone from the configuration already.
  const apps = options.app === undefined ? undefined : [options.app.includes('/') || options.app === '.' ? fileSafe(setup.application(options.app).name) : fileSafe(options.app)]
  const removed: { app: string; where: string }[] = []
  for (const each of kinds) {
    const target = targets[each]
    if (target === undefined) continue
    const asked = options.dryRun === true ? target.jobs(signal).then((jobs) => jobs.map(({ app }) => app).filter((app) => apps === undefined || apps.includes(app))) : target.remove(apps, signal)
    const gone = kind === undefined ? await ifReadable(asked) : await asked
    removed.push(...(gone ?? []).map((app) => ({ app, where: target.name })))
  }
  output.result({ dryRun: options.dryRun === true, removed }, () => removed.length === 0 ? 'Nothing of that is scheduled.' : removed.map(({ app, where }) => `${options.dryRun === true ? 'would be removed' : 'removed'}: ${printable(app)} from ${printable(where)}`).join('\n'))
  return 0
}

/** @throws AppError `schedule.invalid`, `usage` where there is nothing to install. */
function jobsToInstall(context: CommandContext, options: Options): ScheduledJobs {
  const { setup } = context
  const given = options.time ?? options.at
  const named = options.app !== undefined || given !== undefined
  const apps = named ? [setup.application(options.app, { name: options.name })] : Object.keys(setup.config?.apps ?? {}).map((name) => setup.application(name)).filter(({ config }) => config.schedule !== undefined)
  const backups = apps.map((app): BackupJob => {
    const schedule = given ?? app.config.schedule
    if (schedule === undefined) throw new AppError('usage', `${app.name} has no schedule`, { hint: 'Give one here (--time 03:00), or in holdfast.yaml (schedule: daily).' })
    // It names a block of a crontab and a unit's file.
    return { app: fileSafe(app.name), schedule: parseSchedule(schedule), command: commandFor(context, app, options.name) }
  })
  if (backups.length === 0) throw new AppError('usage', 'No application has a schedule', { hint: 'Write one into holdfast.yaml (schedule: daily), or give it here: --app NAME --time 03:00.' })
  return { backups, thaw: [launcherPath(), ...globalWords(context), 'thaw', '--all', '--no-ask'] }
}

function commandFor(context: CommandContext, app: Application, name: string | undefined): readonly string[] {
  const command = [launcherPath(), ...globalWords(context), 'backup', app.configured ? app.name : app.root, ...(app.configured || name === undefined ? [] : ['--name', name]), '--no-ask']
  if (command.some((word) => /[\n\r]/.test(word))) throw new AppError('schedule.invalid', 'A path with a line end cannot stand in a crontab or a unit', { hint: 'Give it a name in the configuration.' })
  return command
}

function kindOf(options: Options): TargetKind | undefined {
  return options.systemd === true ? 'systemd' : options.cron === true ? 'cron' : options.cronD === true ? 'cron-d' : undefined
}

function shownJob({ app, schedule, command }: BackupJob): unknown {
  return { app, cron: schedule.cron, timezone: schedule.timezone, jitterMs: schedule.jitterMs, command, next: nextRuns(schedule, shownRuns, new Date()) }
}

function words({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): string {
  return `${cron}${timezone === undefined ? '' : ` ${timezone}`}`
}

function dailyAt(value: string): string {
  const [, hour = '', minute = ''] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(value) ?? []
  if (hour === '') throw new InvalidArgumentError('write a time such as 03:00')
  return `${Number(minute)} ${Number(hour)} * * *`
}
