import { chmodSync, chownSync, closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import type { Command } from 'commander'
import { thisPerson } from '../../config/default-paths.ts'
import { usualConfigFiles } from '../../config/find-config.ts'
import { addApplication } from '../../config/write-config.ts'
import { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { childText } from '../../kit/child.ts'
import { printable } from '../../kit/printable.ts'
import { applicationAt, presetOf } from '../../runs/application.ts'
import { pinFollowers } from '../../runs/pin-followers.ts'
import { openAppState } from '../../runs/app-state.ts'
import { askYesNo, mayAsk } from '../ask.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { formatOption } from '../place-options.ts'
import { formatSchema } from '../../model/restore-point.ts'

type Options = { name?: string; to?: string; format?: string; group?: string }

export function addInitCommand(program: Command): void {
  const command = program.command('init').description('add an application to the configuration, and make its folders').argument('[folder]', 'the application\'s folder; without it only the state folder is made')
  command
    .option('--name <name>', 'the application\'s name (default: the folder\'s)')
    .option('--to <place>', 'the folder that its archives go to')
    .addOption(formatOption())
    .option('--group <group>', 'let the members of this group run Holdfast too (root\'s cron, a user, a web server)')
    .action(async (folder: string | undefined, options: Options) => {
      await runCommand(command, async (context) => await init(context, folder, options), { mayBeNew: true })
    })
}

async function init(context: CommandContext, folder: string | undefined, options: Options): Promise<number> {
  const { setup, output, options: { ask, json, config }, signal } = context
  const gid = options.group === undefined ? undefined : await groupId(options.group, signal)
  const made: string[] = []
  let added: string | undefined
  if (folder !== undefined) {
    const app = applicationAt(folder, setup.config, setup.defaultPlace, options.name)
    if (app.configured) throw new AppError('usage', `${app.root} is already the application ${app.name} of ${setup.configFile}`)
    const preset = presetOf(app)
    const files = usualConfigFiles(thisPerson())
    const file = config ?? setup.configFile ?? (process.geteuid?.() === 0 ? files.at(-1) : files[0])
    if (file === undefined) throw new AppError('config.missing', 'There is no place for a configuration', { hint: 'Name a file with --config.' })
    output.say(`${printable(app.root)}: ${preset.name}, to be added as "${app.name}" to ${file}`)
    if (mayAsk({ ask, json }) && !await askYesNo('Add it?')) throw new AppError('restore.confirm', 'Nothing was changed')
    const vault = options.to === undefined ? undefined : app.name
    const pinned = pinFollowers(vault === undefined ? undefined : setup.config, setup.defaultPlace, [app.name])
    await addApplication(file, {
      name: app.name,
      app: { root: app.root, ...(options.format === undefined ? {} : { format: formatSchema.parse(options.format) }), ...(vault === undefined ? {} : { vaults: [vault] }) },
      ...(vault === undefined || options.to === undefined ? {} : { vaults: { ...pinned.vaults, [vault]: { type: 'archive', place: setup.placePlan(options.to).place } }, pins: pinned.apps }),
    }, gid === undefined ? {} : { gid })
    added = file
    for (const [other, names] of Object.entries(pinned.apps)) output.say(`${printable(other)} named no vaults and would have gone to the new one too: it names ${names.join(', ')} now`)
    const place = options.to === undefined ? setup.defaultPlace : setup.placePlan(options.to).place
    share(place, gid)
    made.push(place)
    const state = await openAppState(setup.stateRoot, app.name)
    made.push(state.folder)
  } else {
    mkdirSync(setup.stateRoot, { recursive: true, mode: 0o770 })
  }
  share(setup.stateRoot, gid)
  if (gid !== undefined) shareBelow(setup.stateRoot, gid)
  output.result({ config: added, state: setup.stateRoot, folders: made, group: options.group }, () => [
    ...(added === undefined ? [] : [`added to ${added}`]),
    `state folder ${setup.stateRoot}${options.group === undefined ? '' : `, shared with the group ${options.group}`}`,
    ...made.map((path) => `folder ${path}`),
    ...(folder === undefined ? [] : ['Next: holdfast backup']),
  ].join('\n'))
  return 0
}

/** Makes a folder that its group may use and nobody else; new things in it take its group. */
function share(path: string, gid: number | undefined): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o770 })
    if (gid === undefined) return
    chownSync(path, -1, gid)
    chmodSync(path, 0o2770)
  } catch (cause) {
    throw new AppError('state.denied', `The folder ${path} cannot be shared with the group: ${messageOf(cause)}`, { hint: 'Run as its owner or as root, with a group that you belong to.', cause })
  }
}

/**
 * The same for all below a folder, which the group may already write to: a link that a member has put there is never
 * followed, and a further name of a file that lies elsewhere is left alone.
 */
function shareBelow(folder: string, gid: number): void {
  using tree = new AnchoredFolder(folder)
  const shareIn = (parent: string): void => {
    for (const name of tree.names(parent)) {
      const path = parent === '.' ? name : `${parent}/${name}`
      // The server's own: accounts, uploads. They are for nobody but whoever runs it.
      if (path === '.server') continue
      const there = tree.lstat(path)
      if (there?.isDirectory() !== true && there?.isFile() !== true) continue
      const fd = openSync(tree.at(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      try {
        const stat = fstatSync(fd)
        if (!stat.isDirectory() && (!stat.isFile() || stat.nlink > 1)) continue
        fchownSync(fd, -1, gid)
        fchmodSync(fd, stat.isDirectory() ? 0o2770 : 0o660)
        if (!stat.isDirectory()) continue
      } finally {
        closeSync(fd)
      }
      shareIn(path)
    }
  }
  try {
    shareIn('.')
  } catch (cause) {
    throw new AppError('state.denied', `What lies in ${folder} cannot be shared with the group: ${messageOf(cause)}`, { hint: 'Run as its owner or as root, with a group that you belong to.', cause })
  }
}

async function groupId(name: string, signal: AbortSignal): Promise<number> {
  try {
    const line = await childText('getent', ['group', name], { signal, timeoutMs: 10_000 })
    const gid = Number(line.split(':')[2])
    if (Number.isInteger(gid)) return gid
  } catch {
    // Told below.
  }
  throw new AppError('usage', `There is no group "${name}" on this machine`, { hint: `Make it with "groupadd ${name}".` })
}
