import { existsSync, mkdirSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { InstalledJob } from '../../runs/schedule/backup-job.ts'
import { serverUnit, serverUnitName } from '../../runs/schedule/server-unit.ts'
import type { SystemdFolder } from '../../runs/schedule/systemd-folder.ts'
import { installUnits, isRunning, removeUnitFiles, unitState, unitText } from '../../runs/schedule/systemd-folder.ts'
import type { UnitFile } from '../../runs/schedule/systemd-units.ts'
import { isLoopback, parseAddress } from '../../server/http/listen-address.ts'
import { askYesNo, mayAsk } from '../ask.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { globalWords } from '../global-words.ts'
import { installedFor, jobWords, removeInstalled, scheduledApps, twiceWords } from '../installed-schedules.ts'
import { launcherPath } from '../launcher-path.ts'
import { openAccess } from '../open-access.ts'
import type { ScheduleTargets } from '../schedule-targets.ts'
import { scheduleTargets } from '../schedule-targets.ts'
import { writableFolders } from '../writable-folders.ts'

type Options = { listen?: string; data?: string; user?: string; takeOver?: boolean; dryRun?: boolean }

const usualAddress = '127.0.0.1:7878'
/** A small machine needs seconds until it answers. */
const answersWithinMs = 30_000
const askAgainMs = 250

export function addServiceCommand(program: Command): void {
  const service = program.command('service').description('let systemd run the server, from boot on')
  const install = service.command('install').description('install "serve" as a systemd service and start it; as root for the machine, else for yourself')
  install
    .option('--listen <address>', 'the address and port to listen on (default: as in the configuration, else 127.0.0.1:7878)')
    .option('--data <folder>', 'the folder for accounts, catalog and uploads, as "serve" takes it')
    .option('--user <name>', 'whom it runs as (root only; default: who installs it)')
    .option('--take-over', 'take away the timers and cron lines of applications whose schedule the server runs')
    .option('-n, --dry-run', 'only print what would be installed')
    .action(async (options: Options) => {
      await runCommand(install, async (context) => await installService(context, options))
    })
  const remove = service.command('remove').description('stop the server and take its service away; accounts and catalog stay')
  remove.option('-n, --dry-run', 'only say what would be removed').action(async (options: Options) => {
    await runCommand(remove, async (context) => await removeService(context, options))
  })
  const status = service.command('status').description('whether the service is installed and runs (exit status 1 where not)')
  status.action(async () => {
    await runCommand(status, serviceStatus)
  })
}

async function installService(context: CommandContext, options: Options): Promise<number> {
  const { output, signal } = context
  const targets = await scheduleTargets(options.user, [], signal)
  const address = options.listen ?? context.setup.config?.server.listen ?? usualAddress
  const unit = unitFor(context, options)
  const { folder } = targets
  const path = join(folder.path, unit.name)
  const twice = await installedFor(targets, scheduledApps(context.setup), signal)
  if (options.dryRun === true) {
    const preview = `# ${path}\n${unit.text}`
    output.result({ dryRun: true, path, preview, twice, takeOver: options.takeOver === true }, () => [preview, ...twice.map((job) => options.takeOver === true ? `would be taken away: ${jobWords(job)}` : twiceWords(job))].join('\n'))
    return 0
  }
  const hasAccounts = await accountsThere(context, options)
  if (hasAccounts === false && !isLoopback(parseAddress(address).host)) throw new AppError('access.setup', `The server does not listen on ${address} while there is no account: whoever came first would make one`, { hint: 'Make one first: holdfast account add NAME --role admin' })
  makeConfigFolder(context, options)
  const notes = [...await startService(folder, unit, address, signal)]
  const runs = await isRunning(folder, signal)
  if (twice.length > 0) notes.push(...await takeOver(context, options, { targets, twice, runs }))
  if (hasAccounts === false) notes.push('there is no account yet: make the first one with "holdfast account add NAME", or with the token that the server has logged (journalctl -u holdfast)')
  output.result({ dryRun: false, path, listen: address, notes }, () => [`installed: ${path}`, ...(runs ? [`the server listens on ${address}`] : []), ...notes.map((note) => `note: ${printable(note)}`)].join('\n'))
  return 0
}

/** @throws AppError `usage`, `schedule.invalid`. */
function unitFor(context: CommandContext, { listen, data, user }: Options): UnitFile {
  if (listen !== undefined) parseAddress(listen)
  const isRoot = process.geteuid?.() === 0
  const command = [launcherPath(), ...globalWords(context), 'serve', ...(listen === undefined ? [] : ['--listen', listen]), ...(data === undefined ? [] : ['--data', resolve(data)])]
  if (command.some((word) => /[\n\r]/.test(word))) throw new AppError('schedule.invalid', 'A path with a line end cannot stand in a unit', { hint: 'Move the file or folder.' })
  const { configFile, config } = context.setup
  // The dashboard writes its settings there.
  const configFolder = configFile === undefined ? '/etc/holdfast' : dirname(configFile)
  const dataFolder = data ?? config?.server.data
  return serverUnit(command, {
    writable: writableFolders(context.setup, [configFolder, ...(dataFolder === undefined ? [] : [resolve(dataFolder)])]),
    ...(isRoot ? { user: user ?? userInfo().username } : {}),
  })
}

/** What is hardened may not make it later. */
function makeConfigFolder({ setup }: CommandContext, { user }: Options): void {
  if (process.geteuid?.() !== 0 || (user !== undefined && user !== 'root') || setup.configFile !== undefined) return
  try {
    mkdirSync('/etc/holdfast', { recursive: true, mode: 0o755 })
  } catch (cause) {
    throw new AppError('schedule.failed', `/etc/holdfast, where the dashboard writes its settings, cannot be made: ${messageOf(cause)}`, { cause })
  }
}

/** Installs the unit and starts it; one that runs as it shall is left alone, for a restart would end its runs. Gives what the user should know. */
async function startService(folder: SystemdFolder, unit: UnitFile, address: string, signal: AbortSignal): Promise<readonly string[]> {
  const isAsBefore = await unitText(folder, unit.name) === unit.text
  if (isAsBefore && await isRunning(folder, signal) && await unitState(folder, unit.name, signal) === 'active') return ['it is installed like this already, and runs']
  const notes = await installUnits(folder, [unit], signal, unit.name)
  if (await isRunning(folder, signal)) await untilAnswers(folder, address, signal)
  return notes
}

/** @throws AppError `schedule.failed` where the server is not there in time. */
async function untilAnswers(folder: SystemdFolder, address: string, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + answersWithinMs
  let state = ''
  do {
    state = await unitState(folder, serverUnitName, signal)
    // Another program may have the port: then ours ends again and again.
    if (state === 'active' && await isListening(address) && await unitState(folder, serverUnitName, signal) === 'active') return
    if (state === 'failed') break
    await sleep(askAgainMs, undefined, { signal })
  } while (performance.now() < untilMs)
  throw new AppError('schedule.failed', `The service is installed, but the server does not answer on ${address} (systemd: ${state})`, { hint: `See why: journalctl ${folder.manager === 'user' ? '--user ' : ''}-u holdfast -n 20. Nothing else was changed.` })
}

async function isListening(address: string): Promise<boolean> {
  const { host, port } = parseAddress(address)
  const anywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const socket = connect({ host: anywhere[host] ?? host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** What cron or systemd starts and the server starts too is taken away where somebody says so, once the server is there to do it. */
async function takeOver({ output, options: global, signal }: CommandContext, { takeOver: given }: Options, { targets, twice, runs }: { readonly targets: ScheduleTargets; readonly twice: readonly InstalledJob[]; readonly runs: boolean }): Promise<readonly string[]> {
  if (!runs) return [...twice.map(twiceWords), 'nothing of it is taken away, as the server does not run yet: start it, then "holdfast service install --take-over"']
  if (given !== true && mayAsk(global)) {
    for (const job of twice) output.say(printable(twiceWords(job)))
    if (await askYesNo('Take these away, so that only the server starts them?')) return await takenAway(targets, twice, signal)
  }
  return given === true ? await takenAway(targets, twice, signal) : [...twice.map(twiceWords), 'take them away with "holdfast service install --take-over"']
}

async function takenAway(targets: ScheduleTargets, twice: readonly InstalledJob[], signal: AbortSignal): Promise<readonly string[]> {
  const apps = [...new Set(twice.map(({ app }) => app))]
  const from = await removeInstalled(targets, apps, signal)
  const left = await installedFor(targets, apps, signal)
  return [...from.map((where) => `taken out of ${where}`), ...left.map((job) => `${twiceWords(job)}; only its owner may take it away`)]
}

async function removeService(context: CommandContext, { dryRun }: Options): Promise<number> {
  const { output, signal } = context
  const { folder } = await scheduleTargets(undefined, [], signal)
  const path = join(folder.path, serverUnitName)
  const isThere = await unitText(folder, serverUnitName) !== undefined
  if (isThere && dryRun !== true) await removeUnitFiles(folder, [serverUnitName], () => true, signal)
  const apps = scheduledApps(context.setup)
  output.result({ dryRun: dryRun === true, removed: isThere ? [path] : [] }, () => !isThere ? `There is no ${path}.` : [
    `${dryRun === true ? 'would be removed' : 'removed'}: ${path}`,
    ...(apps.length === 0 ? [] : [`note: nothing starts the backups of ${printable(apps.join(', '))} then; "holdfast schedule install" lets systemd or cron do it`]),
  ].join('\n'))
  return 0
}

async function serviceStatus(context: CommandContext): Promise<number> {
  const { output, signal } = context
  const targets = await scheduleTargets(undefined, [], signal)
  const { folder } = targets
  const path = join(folder.path, serverUnitName)
  const text = await unitText(folder, serverUnitName)
  const running = text !== undefined && await isRunning(folder, signal)
  const state = text === undefined ? 'not installed' : running ? await unitState(folder, serverUnitName, signal) : 'systemd is not running, or cannot be reached'
  const listen = / --listen (\S+)/.exec(text ?? '')?.[1] ?? context.setup.config?.server.listen ?? usualAddress
  const answers = state === 'active' && await isListening(listen)
  const twice = text === undefined ? [] : await installedFor(targets, scheduledApps(context.setup), signal)
  output.result({ installed: text !== undefined, path, state, listen, answers, twice }, () => [
    text === undefined ? 'not installed: "holdfast service install"' : `${path}: ${state}`,
    ...(state === 'active' ? [answers ? `it listens on ${listen}` : `it does not answer on ${listen}`] : []),
    ...twice.map((job) => `note: ${printable(twiceWords(job))}`),
  ].join('\n'))
  return answers ? 0 : 1
}

/** Undefined where it cannot be known: another user's default folders are not known here. */
async function accountsThere(context: CommandContext, { data, user }: Options): Promise<boolean | undefined> {
  const { config, stateRoot } = context.setup
  const given = data ?? config?.server.data
  const isKnown = given !== undefined || config?.state !== undefined || user === undefined || user === userInfo().username
  if (!isKnown) return undefined
  const folder = given ?? join(stateRoot, '.server')
  if (!existsSync(join(folder, 'access.sqlite'))) return false
  await using access = await openAccess(context, folder)
  return await access.hasAccounts()
}
