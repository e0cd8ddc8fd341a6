import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { FolderProbe } from '../../disk/folder-probe.ts'
import { ownerOfName } from '../../disk/owner-of-name.ts'
import { AppError } from '../../kit/app-error.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import { printable } from '../../kit/printable.ts'
import { formatSchema } from '../../model/restore-point.ts'
import type { VaultPlan } from '../../runs/application.ts'
import { slotsOf } from '../../runs/application.ts'
import type { SavedPoint } from '../../runs/backup.ts'
import { backupApplication } from '../../runs/backup-application.ts'
import type { NamedVault, UnopenedVault } from '../../runs/backup.ts'
import type { BackupOptions } from '../../runs/backup-application.ts'
import type { RunContext } from '../../runs/perform-run.ts'
import { requireSeparate } from '../../runs/separate-vaults.ts'
import { silentPlace } from '../../runs/silent-place.ts'
import { recordUnbegun } from '../../runs/unbegun-backup.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { addPasswordOptions, formatOption, placeOptions } from '../place-options.ts'
import { Progress } from '../progress.ts'
import { exitStatusOfRun } from '../run-status.ts'
import type { Output } from '../output.ts'

export type BackupCommandOptions = {
  to?: string; format?: string; name?: string; type?: 'dated' | 'rolling' | 'both'; without?: string[]; databaseOnly?: boolean
  include?: string[]; exclude?: string[]; oneFileSystem?: boolean; verify: boolean; user?: string; beforeUpdate?: boolean
  /** Everything, whatever the configuration says is usual. */
  full?: boolean
}

export function addBackupCommand(program: Command): void {
  const command = program.command('backup').description('back up an application: a folder with its databases').argument('[app]', 'the path of a folder, or an application of the configuration')
  addPasswordOptions(command)
    .option('--to <place>', 'the folder that the archive goes to')
    .addOption(formatOption())
    .option('--name <name>', 'the application\'s name, where the folder\'s own does not say it')
    .addOption(new Option('--type <type>', 'a dated point, the weekday\'s rolling one, or both').choices(['dated', 'rolling', 'both']))
    .option('--without <part...>', 'leave out parts that the configuration or the preset names')
    .addOption(new Option('--database-only', 'only the databases').conflicts(['without', 'full']))
    .addOption(new Option('--full', 'everything, also where the configuration\'s scope is less').conflicts('without'))
    .option('--include <pattern...>', 'save only these (gitignore-like, relative to the folder)')
    .option('--exclude <pattern...>', 'leave these out (gitignore-like; a leading slash anchors)')
    .option('--one-file-system', 'stay on the file system of the folder')
    .option('--user <name>', 'whose the archives and logs are (as root)')
    .option('--no-verify', 'do not read the archive again')
    .option('--before-update', 'say in its journal, and to Jeedom, that an update of the application waits for it')
    .action(async (app: string | undefined, options: BackupCommandOptions) => {
      await runCommand(command, async (context) => await backupOne(context, app, options))
    })
}

/** The command itself, for those that start a backup in another way. */
export async function backupOne(context: CommandContext, named: string | undefined, options: BackupCommandOptions): Promise<number> {
  const { output, setup, signal } = context
  const place = placeOptions(options)
  const application = setup.application(named, { name: options.name })
  const owner = options.user === undefined ? undefined : ownerOfName(options.user)
  const format = options.format === undefined ? undefined : formatSchema.parse(options.format)
  const request: BackupOptions = {
    slots: slotsOf(options.type ?? application.config.kind),
    without: options.without ?? [],
    databaseOnly: options.databaseOnly === true,
    full: options.full === true,
    narrowing: { include: options.include ?? [], exclude: options.exclude ?? [], oneFileSystem: options.oneFileSystem === true },
    verify: options.verify && application.config.verify === 'always',
    nameGiven: options.name !== undefined,
    ...(options.beforeUpdate === true ? { beforeUpdate: true } : {}),
    ...(owner === undefined ? {} : { owner }),
  }
  using progress = new Progress(output)
  const running: RunContext = { signal, onEvent: progress.show, now: () => new Date() }
  const state = await setup.state(application.name)
  const vaults: NamedVault[] = []
  const unopened: UnopenedVault[] = []
  let done: Awaited<ReturnType<typeof backupApplication>>
  let plans: readonly VaultPlan[] = []
  try {
    plans = place.place === undefined ? application.vaults : [setup.placePlan(place.place, application)]
    const answers = await answering(plans)
    requireSeparate(plans.filter((_plan, index) => answers[index]))
    // For an application that is not there nothing is made.
    const opening = { ...(format === undefined ? {} : { format }), make: existsSync(application.root), owner }
    for (const [index, plan] of plans.entries()) {
      await openInto(vaults, unopened, plan, async () => {
        if (answers[index] === false) throw silentPlace(plan.place)
        return await setup.openVault(plan, place, opening)
      })
    }
    done = await backupApplication(application, vaults, unopened, request, state, running)
  } catch (failure) {
    if (!isOwnMistake(failure, options)) await recordUnbegun({ app: application, state, vaults, unopened, beforeUpdate: options.beforeUpdate === true }, failure, running)
    throw failure
  }
  const { report, snapshots, error } = done
  if (error !== undefined) throw error
  output.result({ outcome: report.outcome, snapshots, warnings: report.warnings, notes: report.notes }, () => describe(snapshots, report.warningCount, new Map(plans.map((plan) => [plan.name, plan.place])), output))
  return exitStatusOfRun(report)
}

/** Which of the places answer: one that hangs must not hold the backup for ever, which the others can take. */
async function answering(plans: readonly VaultPlan[]): Promise<readonly boolean[]> {
  using probe = new FolderProbe()
  return await Promise.all(plans.map(async ({ place }) => await probe.answers(place)))
}

/** A place that cannot be opened is told by the run, which the others may take. */
async function openInto(vaults: NamedVault[], unopened: UnopenedVault[], { name }: VaultPlan, open: () => Promise<NamedVault>): Promise<void> {
  try {
    vaults.push(await open())
  } catch (error) {
    if (!(error instanceof AppError) || !/^(?:vault|storage)\./.test(error.code)) throw error
    unopened.push({ name, error })
  }
}

/** What the command line asked for and cannot be: whoever typed it reads that, and nothing has failed. */
function isOwnMistake(failure: unknown, { to, without }: BackupCommandOptions): boolean {
  return failure instanceof AppError && failure.code === 'usage' && (to !== undefined || without !== undefined)
}

function describe(snapshots: readonly SavedPoint[], warnings: number, places: ReadonlyMap<string, string>, output: Output): string {
  const lines = snapshots.map((point) => [
    `${point.complete ? output.paint('green', 'saved') : output.paint('yellow', 'saved, INCOMPLETE:')} restore point ${point.id} of ${printable(point.app)}`,
    `  ${printable(`${places.get(point.vault) ?? ''}/${point.key}`)}`,
    `  ${formatByteSize(point.sizeBytes)}, ${point.entries} entries of ${formatByteSize(point.contentBytes)}${point.databases > 0 ? `, ${point.databases} database${point.databases === 1 ? '' : 's'}` : ''}${point.verifiedAt === undefined ? '' : ', verified'}`,
  ].join('\n'))
  return [...lines, ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}: not all went as it should; see above, or "holdfast show ${snapshots[0]?.id ?? ''}"`] : [])].join('\n')
}
