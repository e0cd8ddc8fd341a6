import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { openAnyArchive } from '../../archive/foreign/open-any-archive.ts'
import { resolveSecret } from '../../config/resolve-secret.ts'
import { ownerOfName } from '../../disk/owner-of-name.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { AppError } from '../../kit/app-error.ts'
import { shellQuote } from '../../kit/shell-quote.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import { printable } from '../../kit/printable.ts'
import type { Manifest, Snapshot } from '../../model/restore-point.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { VaultReader } from '../../model/vault.ts'
import type { Application } from '../../runs/application.ts'
import { applicationAt, presetWhereThere } from '../../runs/application.ts'
import { databasesAtTarget } from '../../runs/open-databases.ts'
import { performRun } from '../../runs/perform-run.ts'
import type { FinishHow } from '../../runs/restore/finish-restore.ts'
import { finishContained } from '../../runs/restore/finish-contained.ts'
import { restoreToFinish } from '../../runs/restore/finish-restore.ts'
import type { RestoreAbout } from '../../runs/restore/restore-record.ts'
import { databaseTargets } from '../../runs/restore/database-targets.ts'
import { localDatabases } from '../../runs/restore/local-databases.ts'
import { planDigest } from '../../runs/restore/plan-digest.ts'
import type { RestorePreview } from '../../runs/restore/preview-restore.ts'
import type { TouchedApplication } from '../../runs/restore/touched-applications.ts'
import { touchedApplications } from '../../runs/restore/touched-applications.ts'
import { afterImportOf, restoreApplication } from '../../runs/restore/restore-application.ts'
import { openForeignDump } from '../../sources/databases/foreign-dump.ts'
import { askYesNo, mayAsk } from '../ask.ts'
import { choosePoint, findPoints } from '../choose-point.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { localTime, pointState } from '../point-words.ts'
import { Progress } from '../progress.ts'
import type { Output } from '../output.ts'
import { quietRun } from '../quiet-run.ts'
import type { Kept } from '../recover-config.ts'
import { recoverConfig } from '../recover-config.ts'
import { exitStatusOfRun } from '../run-status.ts'
import { vaultOf } from '../../runs/setup.ts'

type Options = {
  dump?: string
  target?: string; only?: 'files' | 'databases'; path?: string[]; owner: Ownership; dryRun?: boolean; trust?: boolean; trustHooks?: boolean; user?: string
  ifPlan?: string; resume?: boolean; rollback?: boolean; undo?: boolean
  dbName: ReadonlyMap<string, string>; dbHost?: string; dbPort?: number; dbSocket?: string; dbUser?: string; dbPasswordFile?: string
}

/** Undoing, finishing and rolling back concern the restore that was, as a whole. */
const ofRestoresOnly = ['only', 'path', 'owner', 'dump', 'ifPlan', 'trust', 'trustHooks']

export function addRestoreCommand(program: Command): void {
  const command = program.command('restore').description('restore an application, in place or into another folder').argument('[what]', 'an id, "latest", or the file of an archive', 'latest')
  addReadingOptions(command)
    .option('--target <folder>', 'the folder whose content becomes the restore point\'s (default: where it was made)')
    .addOption(new Option('--only <what>', 'not all of it').choices(['files', 'databases']))
    .option('--path <path...>', 'only these files and folders')
    .option('--owner <owner>', '"numeric" (as saved), "names" (this machine\'s numbers for the saved names), "none", or UID:GID', owner, 'numeric')
    .option('--dump <path>', 'an archive of another program: where the dump to import lies in it')
    .option('--db-name <from=to>', 'import the database FROM as TO', databaseName, new Map())
    .option('--db-host <host>', 'the database server\'s host')
    .option('--db-port <port>', 'its port', Number)
    .option('--db-socket <path>', 'its socket')
    .option('--db-user <user>', 'the database user')
    .option('--db-password-file <file>', 'the file with that user\'s password')
    .option('-n, --dry-run', 'only say what would be written, overwritten and deleted')
    .option('--if-plan <digest>', 'only while the plan is still the one that --dry-run --json gave this digest (plan)')
    .option('--trust', 'an archive from outside or of another program: restore setuid bits and devices too, let its dumps name other databases, and take its configuration where there is none')
    .option('--trust-hooks', 'keep hooks that came out of the archive, and run its scripts')
    .option('--user <name>', 'whose the application\'s own log is (as root)')
    .addOption(new Option('--resume', 'finish a restore that was interrupted').conflicts(['rollback', 'undo', ...ofRestoresOnly]))
    .addOption(new Option('--rollback', 'bring back what was before a restore that was interrupted').conflicts(['resume', 'undo', ...ofRestoresOnly]))
    .addOption(new Option('--undo', 'undo the last restore of the target').conflicts(['resume', 'rollback', ...ofRestoresOnly]))
    .action(async (what: string, options: Options) => {
      const how: FinishHow | undefined = options.resume === true ? 'resume' : options.rollback === true ? 'rollback' : options.undo === true ? 'undo' : undefined
      await runCommand(command, async (context) => how === undefined ? await restore(context, what, options) : await finish(context, what, options, how))
    })
}

/** `places`: where it was looked for. */
type Found = { readonly vault: VaultReader; readonly point: Snapshot; readonly isFile: boolean; readonly places: readonly string[] }

async function findRestorePoint(context: CommandContext, what: string, options: Options): Promise<Found> {
  const { setup, output, signal } = context
  const place = placeOptions(options)
  const run = quietRun(output, signal)
  if (what !== 'latest' && existsSync(what) && (what.includes('/') || !/^[0-9a-f]{4,16}$/.test(what))) {
    const password = place.password === undefined ? undefined : await resolveSecret(place.password, signal)
    const vault = await openAnyArchive(resolve(what), { tempFolder: await setup.tempFolder(), ...(password === undefined ? {} : { password }), ...(options.dump === undefined ? {} : { dump: options.dump }), openDump: openForeignDump }, run)
    const [point] = await vault.snapshots(run)
    if (point === undefined) throw new AppError('archive.foreign', `${what} is no restore point of Holdfast`, { hint: 'Name an archive, or the folder of one.' })
    return { vault, point, isFile: true, places: [] }
  }
  if (options.dump !== undefined) throw new AppError('usage', '--dump is for archives of other programs that are named by their path', { hint: 'For one that was imported, import it again with --dump.' })
  const vaults = await setup.vaultsToRead(place)
  const point = choosePoint(await findPoints(vaults, place.app, run), what, output)
  return { vault: vaultOf(point, vaults), point, isFile: false, places: vaults.map((vault) => vault.place) }
}

async function restore(context: CommandContext, what: string, options: Options): Promise<number> {
  const { setup, output, signal, options: { ask, json } } = context
  const { vault, point, isFile, places } = await findRestorePoint(context, what, options)
  const manifest = await vault.manifest(point.id, quietRun(output, signal))
  const app = targetOf(context, manifest, options)
  const recovered = await recoverConfig(context, { id: point.id, manifest, isFile }, options)
  const touched = touchedApplications(app, manifest)
  const atTarget = databasesAtTarget(app, manifest.preset)
  const trusted = options.trust === true || (!isFile && manifest.foreign === undefined)
  if (options.only !== 'files') output.giveToRestore(databaseOptions(options))
  using progress = new Progress(output)
  const result = await restoreApplication(app, vault, point.id, {
    ...(options.only === undefined ? {} : { only: options.only }),
    paths: options.path ?? [],
    ownership: options.owner,
    trusted,
    isOutside: isFile,
    trustHooks: options.trustHooks === true,
    dryRun: options.dryRun === true,
    places: [setup.defaultPlace, ...places],
    ...(options.user === undefined ? {} : { owner: ownerOfName(options.user) }),
    databases: { ...atTarget, ...(atTarget.known.length > 0 ? {} : { known: localDatabases(recovered?.config.apps[manifest.app]?.databases ?? []) }), overrides: overridesOf(options), renamed: options.dbName, trusted },
    asks: mayAsk({ ask, json }),
    async confirm(preview, databases) {
      if (options.ifPlan !== undefined && options.ifPlan !== planDigest(preview, databases)) throw new AppError('restore.plan-changed', 'What the restore would replace or remove has changed since its plan was made; nothing was changed', { hint: 'Make the plan again, and look at it. Stop what writes there meanwhile where that happens again and again.' })
      if (!mayAsk({ ask, json })) return confirmUnasked(context, preview, databases, mindsLinks(app, manifest))
      progress[Symbol.dispose]()
      output.say(describePlan(preview, databases, point, app, touched))
      return await askYesNo('Restore this?')
    },
  }, await setup.state(app.name), { signal, onEvent: progress.show, now: () => new Date() })
  if (result.error !== undefined) throw result.error
  const kept = await recovered?.keep?.() ?? { notes: [], warnings: [] }
  tellKept(output, kept)
  const { preview, databases, safety } = result
  if (databases.length === 0) output.giveToRestore('')
  const report = reportWith(result.report, kept)
  output.result({ outcome: report.outcome, id: point.id, target: app.root, preview, ...(preview === undefined ? {} : { plan: planDigest(preview, databases) }), databases, safety, touches: touched, configuration: kept.file, dryRun: options.dryRun === true, notes: report.notes, warnings: report.warnings }, () => options.dryRun === true && preview !== undefined
    ? describePlan(preview, databases, point, app, touched)
    : [`${output.paint('green', 'restored')} ${point.id} (${localTime(point.startedAt)}) to ${printable(app.root)}`, ...databases.map((name) => `  ${printable(name)}`), output.withGiven(`  what was there before is kept for a week: "holdfast restore --undo --target ${printable(shellQuote(app.root))}" brings it back`)].join('\n'))
  return exitStatusOfRun(report)
}

const unaskedHint = 'Give --no-ask in scripts; --dry-run shows the plan.'

function tellKept(output: Output, { notes, warnings }: Kept): void {
  for (const { message } of notes) output.say(printable(message))
  for (const { message } of warnings) output.say(`${output.paint('yellow', 'warning:')} ${printable(message)}`)
}

/** A restore whose configuration could not be kept has succeeded; it ends as a run with warnings does. */
function reportWith(report: RunReport, { notes, warnings }: Kept): RunReport {
  const told = { ...report, notes: [...report.notes, ...notes], warnings: [...report.warnings, ...warnings] }
  return warnings.length > 0 && report.outcome === 'ok' ? { ...told, outcome: 'partial' } : told
}

/** Without a person `--no-ask` is the consent; a terminal-less call without it may only write into what is empty. */
function confirmUnasked({ options: { ask } }: CommandContext, preview: RestorePreview, databases: readonly string[], minds: boolean): boolean {
  if (!ask) {
    if (minds) refuseLinks(preview)
    return true
  }
  if (preview.overwritten + preview.alike + preview.deleted === 0 && databases.length === 0) return true
  throw new AppError('restore.confirm', `That would overwrite ${preview.overwritten + preview.alike} and delete ${preview.deleted} files${databases.length > 0 ? ` and replace ${databases.join(', ')}` : ''}, and nobody is there to be asked`, { hint: unaskedHint })
}

/** Whether it matters that a folder takes a link's place: containers go on with what the link leads to, and of another program's archive nobody knows how the application lay on the disk. */
function mindsLinks(app: Application, { foreign }: Manifest): boolean {
  return foreign !== undefined || app.config.containers !== undefined || presetWhereThere(app).containers === true
}

/** Nobody would see it. */
function refuseLinks({ linked, samples }: RestorePreview): void {
  if (linked === 0) return
  throw new AppError('restore.target', `Links to folders lie in the target where the restore point holds folders: ${samples.linked.slice(0, 5).join(', ')}${linked > 5 ? `, and ${linked - 5} more` : ''}`, {
    hint: 'Restore what belongs there into the folder that the link leads to (--target, --path), or remove the link first. Without --no-ask the plan shows them and asks.',
  })
}

/** The application that is restored into: the configured one that the point names, or the folder given. @throws AppError `restore.target`. */
function targetOf({ setup }: CommandContext, manifest: Manifest, options: Options): Application {
  const { app: asked } = placeOptions(options)
  // What another program made does not say whose it is.
  if (asked !== undefined && manifest.foreign !== undefined && options.target === undefined) return setup.application(asked)
  const own = ownTarget(setup, manifest, options)
  // An application that was renamed since stands in the folder that its older points name.
  if (asked !== undefined && manifest.foreign === undefined && asked !== manifest.app && !(options.target === undefined && own.configured && own.name === asked)) {
    throw new AppError('restore.target', `This is a restore point of ${manifest.app}, and not of ${asked}`, { hint: 'Look whether it is the archive that you mean. To restore it all the same, leave --app away and name the folder that it goes into with --target.' })
  }
  return own
}

function ownTarget(setup: CommandContext['setup'], manifest: Manifest, options: Options): Application {
  if (options.target !== undefined) return applicationAt(options.target, setup.config, setup.defaultPlace, undefined)
  if (setup.config?.apps[manifest.app] !== undefined) return setup.application(manifest.app)
  if (manifest.root === '') throw new AppError('restore.target', 'Another program made this archive, which does not say where the application belongs', { hint: 'Give the application\'s folder with --target; or import the archive with --app NAME for an application of the configuration.' })
  // One that was renamed since has its own rules for that folder.
  const there = applicationAt(manifest.root, setup.config, setup.defaultPlace)
  return there.configured ? there : applicationAt(manifest.root, setup.config, setup.defaultPlace, manifest.app)
}

async function finish(context: CommandContext, what: string, options: Options, how: FinishHow): Promise<number> {
  const { setup, output, signal, options: { ask, json } } = context
  const app = options.target !== undefined ? applicationAt(options.target, setup.config, setup.defaultPlace) : setup.application(what === 'latest' ? placeOptions(options).app : what)
  const { about } = restoreToFinish(app.root, how)
  const plan = describeFinish(about, app, how)
  if (options.dryRun === true) {
    output.result({ dryRun: true, target: app.root, point: about.point, startedAt: about.startedAt, how, databases: about.databases.map(({ facts }) => facts.name) }, () => plan)
    return 0
  }
  if (mayAsk({ ask, json })) {
    output.say(plan)
    if (!await askYesNo({ resume: 'Finish it?', rollback: 'Roll it back?', undo: 'Undo it?' }[how])) throw new AppError('restore.confirm', 'Nothing was changed')
  } else if (ask) {
    throw new AppError('restore.confirm', `${plan.replace(/\.$/, '')}, and nobody is there to be asked`, { hint: unaskedHint })
  }
  const state = await setup.state(about.app)
  using progress = new Progress(output)
  const finished: { point?: string } = {}
  const { report, error } = await performRun('restore', state, { signal, onEvent: progress.show, now: () => new Date() }, async (run) => {
    // Looked for again under the lock: the run that it belongs to may just have come to its end.
    const found = restoreToFinish(app.root, how)
    finished.point = found.about.point
    const targets = await databaseTargets(found.about.databases.map(({ facts }) => facts).filter(({ container }) => container === undefined), { ...databasesAtTarget(app, found.about.preset), ...afterImportOf(found.about.preset), overrides: overridesOf(options), renamed: options.dbName, trusted: found.about.trusted }, state.tempFolder, run)
    await finishContained(app, found, how, targets, state, run)
  })
  if (error !== undefined) throw error
  output.result({ outcome: report.outcome, target: app.root, ...finished, how }, () => ({
    resume: `${output.paint('green', 'finished')} the restore of ${printable(app.root)}`,
    rollback: `${output.paint('green', 'rolled back')} the restore of ${printable(app.root)}: all is as it was before`,
    undo: `${output.paint('green', 'undone')}: ${printable(app.root)} is as it was before the restore`,
  })[how])
  return exitStatusOfRun(report)
}

function describeFinish({ point, startedAt, databases }: RestoreAbout, app: Application, how: FinishHow): string {
  const what = `The restore of ${printable(app.root)} from ${point} that began ${localTime(startedAt)}`
  const names = databases.map(({ facts }) => printable(facts.name)).join(', ')
  return {
    resume: `${what} would go on where it was cut off${names === '' ? '' : `; databases: ${names}`}.`,
    rollback: `${what} would be rolled back: what it has replaced would come back${names === '' ? '' : `, of ${names} too`}.`,
    undo: `${what} would be undone: what it replaced would come back${names === '' ? '' : `, of ${names} too`}, and what was changed since would be lost.`,
  }[how]
}

function overridesOf({ dbHost, dbPort, dbSocket, dbUser, dbPasswordFile }: Options): Parameters<typeof databaseTargets>[1]['overrides'] {
  return {
    ...(dbHost === undefined ? {} : { host: dbHost }),
    ...(dbPort === undefined ? {} : { port: dbPort }),
    ...(dbSocket === undefined ? {} : { socket: dbSocket }),
    ...(dbUser === undefined ? {} : { user: dbUser }),
    ...(dbPasswordFile === undefined ? {} : { password: { file: resolve(dbPasswordFile) } }),
  }
}

/** As they were given; of a password only the file that it lies in. */
function databaseOptions({ dbName, dbHost, dbPort, dbSocket, dbUser, dbPasswordFile }: Options): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ...[...dbName].map(([from, to]) => ['--db-name', `${from}=${to}`] as const),
    ['--db-host', dbHost], ['--db-port', dbPort?.toString()], ['--db-socket', dbSocket === undefined ? undefined : resolve(dbSocket)], ['--db-user', dbUser], ['--db-password-file', dbPasswordFile === undefined ? undefined : resolve(dbPasswordFile)],
  ]
  return given.map(([name, value]) => value === undefined ? '' : `${name} ${printable(shellQuote(value))} `).join('')
}

function describePlan(preview: RestorePreview, databases: readonly string[], point: Snapshot, app: Application, touched: readonly TouchedApplication[]): string {
  const state = pointState(point)
  const lines = [
    `Restore point ${point.id} of ${printable(point.app)}, ${localTime(point.startedAt)}${state === 'verified' ? '' : ` — ${state}`}`,
    `  to         ${printable(app.root)}${existsSync(app.root) && statSync(app.root).isDirectory() ? '' : ' (will be made)'}`,
    `  new        ${preview.written}${some(preview.samples.written)}`,
    `  overwrite  ${preview.overwritten}${some(preview.samples.overwritten)}`,
    `  alike      ${preview.alike}`,
    `  delete     ${preview.deleted}${some(preview.samples.deleted)}`,
    `  content    ${formatByteSize(preview.contentBytes)}`,
  ]
  if (preview.linked > 0) lines.push(`  link       ${preview.linked}${some(preview.samples.linked)} (links to folders; a folder takes the place of each)`)
  for (const name of databases) lines.push(`  replace    ${printable(name)}`)
  if (preview.databaseFiles.overwritten.length > 0) lines.push(`  replace    the database${some(preview.databaseFiles.overwritten)}`)
  if (preview.databaseFiles.deleted.length > 0) lines.push(`  delete     the database${some(preview.databaseFiles.deleted)}`)
  for (const { name, root, how } of touched) lines.push(`  careful    ${{ same: 'this is the folder of', holds: 'in this folder lies', within: 'this folder lies in' }[how]} ${printable(name)}${how === 'same' ? '' : ` (${printable(root)})`}, whose files are changed by it`)
  return lines.join('\n')
}

function some(paths: readonly string[]): string {
  return paths.length === 0 ? '' : `: ${paths.slice(0, 5).map(printable).join(', ')}${paths.length > 5 ? ', …' : ''}`
}

function owner(value: string): Ownership {
  if (value === 'numeric' || value === 'names' || value === 'none') return value
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(value)
  if (match === null) throw new InvalidArgumentError('write numeric, names, none or UID:GID')
  return { uid: Number(match[1]), gid: Number(match[2]) }
}

function databaseName(value: string, earlier: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [from, to, ...more] = value.split('=')
  if (from === undefined || to === undefined || from === '' || to === '' || more.length > 0) throw new InvalidArgumentError('write FROM=TO')
  return new Map([...earlier, [from, to]])
}
