import { realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { brokenDump } from '../../archive/foreign/describe-foreign.ts'
import type { Candidate } from '../../archive/foreign/find-candidates.ts'
import { findCandidates } from '../../archive/foreign/find-candidates.ts'
import { foreignSnapshot } from '../../archive/foreign/foreign-point.ts'
import { ImportedVault } from '../../archive/foreign/imported-vault.ts'
import { openAnyArchive } from '../../archive/foreign/open-any-archive.ts'
import { knownTitles, recognise } from '../../archive/foreign/recognise.ts'
import type { RecognisedPoint, RecogniseOptions } from '../../archive/foreign/recognise.ts'
import { thisPerson } from '../../config/default-paths.ts'
import { usualConfigFiles } from '../../config/find-config.ts'
import type { IotstackBackupConfig } from '../../config/iotstack-backup-config.ts'
import { readIotstackBackupConfig } from '../../config/iotstack-backup-config.ts'
import { resolveSecret } from '../../config/resolve-secret.ts'
import { addApplication } from '../../config/write-config.ts'
import { AppError } from '../../kit/app-error.ts'
import { exitStatusOf } from '../../kit/error-codes.ts'
import type { ErrorCode } from '../../kit/error-codes.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import { fileSafe } from '../../kit/file-safe.ts'
import { printable } from '../../kit/printable.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Application } from '../../runs/application.ts'
import { presetWhereThere } from '../../runs/application.ts'
import type { NamedVault } from '../../runs/backup.ts'
import { copyForeign } from '../../runs/copy-foreign.ts'
import { requireAllowed } from '../../runs/restore/foreign-restore.ts'
import { generic } from '../../sources/presets/generic.ts'
import { openForeignDump } from '../../sources/databases/foreign-dump.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { addPasswordOptions, placeOptions } from '../place-options.ts'
import { localTime, pointKind } from '../point-words.ts'
import { Progress } from '../progress.ts'
import { quietRun } from '../quiet-run.ts'
import type { PlaceOptions, Setup } from '../../runs/setup.ts'

/** What takes longer than a moment is told. */
const toldBytes = 100_000_000

type Options = { to?: string; app?: string; dump?: string; copy?: boolean; dryRun?: boolean; write?: boolean }

/** What became of one archive. */
type Imported = {
  readonly state: 'imported' | 'known' | 'copied' | 'recognised'
  readonly snapshot: Snapshot
  readonly files: readonly string[]
  readonly notes: readonly string[]
}
type Failed = { readonly files: readonly string[]; readonly code: ErrorCode; readonly message: string; readonly hint?: string }
type Outcome = { readonly imported: readonly Imported[]; readonly failed: readonly Failed[]; readonly ours: readonly string[]; readonly own: readonly Snapshot[]; readonly passedOver: number; readonly configs: readonly IotstackBackupConfig[] }

export function addImportCommand(program: Command): void {
  const command = program.command('import').description('recognise backups that other programs made, and list them beside our own').argument('[paths...]', 'archives, folders that are searched for them, or a configuration of IOTstackBackup')
  addPasswordOptions(command)
    .option('--to <place>', 'the place where they are listed from then on')
    .option('--app <name>', 'the application that they are of')
    .option('--dump <path>', 'where the dump to import lies in the archive, where that is not where its kind puts it')
    .option('--copy', 'make restore points of ours from them, with records')
    .option('-n, --dry-run', 'only say what they are')
    .option('--write', 'a configuration of IOTstackBackup: add its application to holdfast.yaml')
    .action(async (paths: string[], options: Options) => {
      const all = [...paths, ...await foreignConfig(program)]
      await runCommand(command, async (context) => await importAll(context, all, options, placeOptions(command.opts())), { mayBeNew: options.write === true })
    })
}

/** `--config` is ours, and users of IOTstackBackup mean theirs by it. */
async function foreignConfig(program: Command): Promise<readonly string[]> {
  const given: unknown = program.opts()['config']
  if (typeof given !== 'string' || await readIotstackBackupConfig(given, '.') === undefined) return []
  program.setOptionValue('config', undefined)
  return [given]
}

async function importAll(context: CommandContext, paths: readonly string[], options: Options, place: PlaceOptions): Promise<number> {
  const { setup, output, signal } = context
  if (paths.length === 0) throw new AppError('usage', 'What is to be imported?', { hint: 'Name archives, or folders that are searched for them.' })
  if (options.app !== undefined && fileSafe(options.app) !== options.app) throw new AppError('usage', `"${options.app}" is no name for an application`, { hint: 'Use letters, digits, ".", "_" and "-".' })
  const run = quietRun(output, signal)
  const outcome = { imported: [] as Imported[], failed: [] as Failed[], ours: [] as string[], own: [] as Snapshot[], passedOver: 0, configs: [] as IotstackBackupConfig[] }
  const archives: string[] = []
  for (const path of paths) {
    const config = await readIotstackBackupConfig(path, join(homedir(), 'IOTstack'))
    if (config === undefined) archives.push(resolve(path))
    else outcome.configs.push(config)
  }
  const password = place.password === undefined ? undefined : await resolveSecret(place.password, signal)
  const tempFolder = await setup.tempFolder()
  const importer = new Importer(context, options, place)
  for (const candidate of findCandidates(archives, run)) {
    signal.throwIfAborted()
    const files = candidate.files.map(({ path }) => path)
    const recogniseOptions: RecogniseOptions = {
      tempFolder, openDump: openForeignDump, application: (kind) => importer.applicationOf(candidate, kind),
      ...(password === undefined ? {} : { password }), ...(options.dump === undefined ? {} : { dump: options.dump }),
    }
    const sizeBytes = files.reduce((sum, path) => sum + statSync(path).size, 0)
    if (sizeBytes > toldBytes) output.say(`reading ${printable(files[0] ?? '')}, ${formatByteSize(sizeBytes)} …`)
    try {
      const found = await recognise(candidate, recogniseOptions, run)
      if (found === 'ours') {
        outcome.ours.push(...files)
        if (options.dryRun === true) outcome.own.push(...await ownSnapshots(files, recogniseOptions, run))
      } else if (found !== undefined) outcome.imported.push(await importer.take(found, recogniseOptions, run))
      else if (candidate.named) outcome.failed.push({ files, code: 'archive.foreign', message: 'is no archive of a program that Holdfast knows', hint: `Known are: ${knownTitles()}.` })
      else outcome.passedOver += 1
    } catch (error) {
      if (signal.aborted) throw new AppError('interrupted', 'The import was interrupted', { cause: error })
      if (!(error instanceof AppError) || error.code === 'usage') throw error
      outcome.failed.push({ files, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) })
    }
  }
  if (options.write === true) for (const { name, app } of outcome.configs) await addApplication(configFile(context), { name, app })
  const { configs, ...rest } = outcome
  output.result({ ...rest, dryRun: options.dryRun === true, ...(configs.length === 0 ? {} : { config: configs.map(({ app, name, notes }) => ({ apps: { [name]: app }, notes })) }) }, () => describe(outcome, options, output))
  if (outcome.failed.length > 0) return Math.max(...outcome.failed.map(({ code }) => code === 'archive.password' && outcome.failed.length === 1 ? exitStatusOf(code) : 1))
  return 0
}

/** What restore points of ours say of themselves. */
async function ownSnapshots(files: readonly string[], { password, tempFolder }: RecogniseOptions, run: Run): Promise<readonly Snapshot[]> {
  const points: Snapshot[] = []
  for (const path of files) {
    const vault = await openAnyArchive(path, { openDump: openForeignDump, ...(password === undefined ? {} : { password }), ...(tempFolder === undefined ? {} : { tempFolder }) }, run)
    points.push(...await vault.snapshots(run))
  }
  return points
}

function configFile({ setup, options }: CommandContext): string {
  const files = usualConfigFiles(thisPerson())
  const file = options.config ?? setup.configFile ?? (process.geteuid?.() === 0 ? files.at(-1) : files[0])
  if (file === undefined) throw new AppError('config.missing', 'There is no place for a configuration', { hint: 'Name a file with --config.' })
  return file
}

/** Decides for each archive of which application it is and where it is listed, and puts it there. */
class Importer {
  readonly #context: CommandContext
  readonly #options: Options
  readonly #place: PlaceOptions
  readonly #vaults = new Map<string, NamedVault>()

  constructor(context: CommandContext, options: Options, place: PlaceOptions) {
    this.#context = context
    this.#options = options
    this.#place = place
  }

  /**
   * The one that the user names; else the one in whose folder the archive lies, as its users keep their backups there; else the
   * only configured one of its kind.
   */
  applicationOf(candidate: Candidate, kind: { readonly preset: string; readonly app: string }): { readonly name: string; readonly root?: string } {
    if (this.#options.app !== undefined) return { name: this.#options.app }
    const { setup } = this.#context
    const around = this.#around(candidate, kind.preset)
    if (around !== undefined) return { name: around.name, root: around.root }
    const alike = Object.keys(setup.config?.apps ?? {}).map((name) => setup.application(name)).filter((app) => presetWhereThere(app).name === kind.preset)
    return { name: (alike.length === 1 ? alike[0]?.name : undefined) ?? kind.app }
  }

  #around(candidate: Candidate, preset: string): Application | undefined {
    const { setup } = this.#context
    for (let path = dirname(realpathSync(candidate.files[0]?.path ?? '.')); path !== dirname(path); path = dirname(path)) {
      const app = setup.application(path)
      const own = presetWhereThere(app).name
      // An archive of something else that lies in an application is not that application's.
      if (own === preset || (app.configured && own === generic.name)) return app
    }
    return undefined
  }

  async take({ point, survey }: RecognisedPoint, options: RecogniseOptions, run: Run): Promise<Imported> {
    using found = survey
    const { setup, output, signal } = this.#context
    const { manifest } = point
    const broken = manifest.warnings.find(({ code }) => code === brokenDump)
    if (broken !== undefined) {
      throw new AppError('archive.damaged', `${broken.path ?? ''}: ${broken.message}`, { hint: 'It was not imported. "holdfast restore FILE --only files --target FOLDER" gets its files back.' })
    }
    const common = { snapshot: foreignSnapshot(point), files: point.files.map(({ path }) => path), notes: manifest.notes.map(({ message, path }) => path === undefined ? message : `${path}: ${message}`) }
    if (this.#options.dryRun === true) return { ...common, state: 'recognised' }
    const named = await this.#vault(manifest.app, manifest.root, setup)
    if (this.#options.copy === true) {
      const configured = setup.config?.apps[manifest.app]
      if (configured !== undefined) requireAllowed(setup.application(manifest.app))
      using progress = new Progress(output)
      const { password, tempFolder } = options
      const snapshot = await copyForeign(point, { records: found.records, ...(password === undefined ? {} : { password }), ...(tempFolder === undefined ? {} : { tempFolder }) }, named, await setup.state(manifest.app), { signal, onEvent: progress.show, now: () => new Date() })
      return { ...common, snapshot, state: 'copied' }
    }
    if (!(named.vault instanceof ImportedVault)) throw new AppError('internal', 'The vault takes no references')
    const listed = await named.vault.add(point, run)
    const other = listed.point.files[0]?.path ?? ''
    return { ...common, snapshot: foreignSnapshot(listed.point), notes: other === common.files[0] ? common.notes : [`The same bytes are listed already as ${other}.`], state: listed.isNew ? 'imported' : 'known' }
  }

  async #vault(name: string, root: string, setup: Setup): Promise<NamedVault> {
    const app = root !== '' ? setup.application(root) : setup.config?.apps[name] === undefined ? undefined : setup.application(name)
    const plan = this.#options.to === undefined ? app?.vaults[0] ?? setup.placePlan(setup.defaultPlace) : setup.placePlan(this.#options.to)
    const known = this.#vaults.get(plan.place)
    if (known !== undefined) return known
    // The password that was given opens the foreign archives; one of the place's own goes before it.
    const { password: _given, ...place } = this.#place
    const opened = await setup.openVault(plan, plan.password === undefined ? this.#place : place, { make: true, imported: true })
    this.#vaults.set(plan.place, opened)
    return opened
  }
}

const words = { imported: 'imported', known: 'imported before', copied: 'copied', recognised: 'recognised' } as const

function describe(outcome: Outcome, options: Options, output: CommandContext['output']): string {
  const lines: string[] = []
  for (const { state, snapshot, files, notes } of outcome.imported) {
    lines.push(`${output.paint('green', words[state])} ${snapshot.id} of ${printable(snapshot.app)}, ${localTime(snapshot.startedAt)}: ${pointKind(snapshot)}, ${snapshot.entries} entries of ${formatByteSize(snapshot.contentBytes)}${snapshot.databases > 0 ? `, ${snapshot.databases} dump${snapshot.databases === 1 ? '' : 's'}` : ''}`)
    for (const file of files) lines.push(`  ${printable(file)}`)
    for (const note of notes) lines.push(`  ${printable(note)}`)
  }
  for (const { files, code, message, hint } of outcome.failed) {
    lines.push(`${output.paint('red', 'not imported')} ${files.map(printable).join(', ')}: ${printable(message)} [${code}]`)
    if (hint !== undefined) lines.push(`  what to do: ${printable(hint)}`)
  }
  for (const file of outcome.ours) lines.push(`${printable(file)} is a restore point of Holdfast already`)
  if (outcome.passedOver > 0) lines.push(`${outcome.passedOver} other file${outcome.passedOver === 1 ? '' : 's'} passed over.`)
  for (const config of outcome.configs) lines.push(options.write === true ? `added ${config.name} to the configuration\n${config.notes.map((note) => `  ${note}`).join('\n')}` : config.text.trimEnd())
  return lines.length === 0 ? 'There is nothing here that Holdfast knows.' : lines.join('\n')
}
