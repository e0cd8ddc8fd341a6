import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Argument } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { DropIn, PlacedDropIn } from '../../runs/drop-in.ts'
import { installDropIn, removeDropIn } from '../../runs/drop-in.ts'
import { runCommand } from '../command-context.ts'
import { launcherPath } from '../launcher-path.ts'
import { packageFile } from '../package-file.ts'

const systems = ['iotstack', 'jeedom-tile'] as const
type System = (typeof systems)[number]

/** The files of each system, read from the package when they are asked for. */
const filesOf: Readonly<Record<System, () => Promise<readonly DropIn[]>>> = {
  'iotstack': async () => ['backup.sh', 'restore.sh'].map((name) => ({ path: `scripts/${name}`, text: packageFile(`bin/drop-in/iotstack/${name}`) })),
  'jeedom-tile': async () => await Promise.all((['dashboard', 'mobile'] as const).map(async (form): Promise<DropIn> => ({
    path: `data/customTemplates/${form}/cmd.info.string.HoldfastBackup.html`, text: await jeedomTile(form), kind: 'text', beside: 'core/class/jeedom.class.php',
  }))),
}

export function addDropInCommand(program: Command): void {
  const dropIn = program.command('drop-in').description('put files of Holdfast among an application\'s own: scripts in the place of its, so that its cron lines go on working, or its tile')
  for (const [name, description, act] of [
    ['install', 'put them in place; the originals are kept beside them as NAME.orig', installDropIn],
    ['remove', 'take them away, and put the originals back', removeDropIn],
  ] as const) {
    const command = dropIn.command(name).description(description).addArgument(new Argument('<system>').choices(systems)).argument('[folder]', 'the application\'s folder', '.')
    command.action(async (system: System, folder: string) => {
      await runCommand(command, async ({ output }) => {
        const root = resolve(folder)
        const placed = (await filesOf[system]()).map((file) => act(root, file, launcherPath()))
        output.result(placed, () => placed.map(describe).join('\n'))
        return 0
      })
    })
  }
}

/** @throws AppError `source.missing` in a clone where it was not built yet. */
async function jeedomTile(form: 'dashboard' | 'mobile'): Promise<string> {
  // Of the server nothing is read at the start of other commands.
  const { WebFiles } = await import('../../server/http/web-files.ts')
  const bytes = WebFiles.open().bytes(`widget/jeedom-${form}.html`)
  if (bytes === undefined) throw new AppError('source.missing', 'The tile is not built yet', { hint: 'Run "npm run build:web".' })
  return bytes.toString('utf8')
}

function describe({ path, state, original }: PlacedDropIn): string {
  const more = original === undefined ? '' : state === 'installed' ? `; the original is ${printable(original)}` : ', and the original is back'
  return `${state}: ${printable(path)}${more}`
}
