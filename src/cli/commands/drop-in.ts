import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Argument } from 'commander'
import { printable } from '../../kit/printable.ts'
import type { DropIn, PlacedDropIn } from '../../runs/drop-in.ts'
import { installDropIn, removeDropIn } from '../../runs/drop-in.ts'
import { runCommand } from '../command-context.ts'
import { launcherPath } from '../launcher-path.ts'
import { packageFile } from '../package-file.ts'

const systems = ['iotstack'] as const
type System = (typeof systems)[number]

/** The scripts of each system: where they lie in it, and in the package. */
const scripts: Readonly<Record<System, readonly string[]>> = { iotstack: ['scripts/backup.sh', 'scripts/restore.sh'] }

export function addDropInCommand(program: Command): void {
  const dropIn = program.command('drop-in').description('put scripts of Holdfast in the place of an application\'s own, so that its cron lines go on working')
  for (const [name, description, act] of [
    ['install', 'put them in place; the originals are kept beside them as NAME.orig', installDropIn],
    ['remove', 'take them away, and put the originals back', removeDropIn],
  ] as const) {
    const command = dropIn.command(name).description(description).addArgument(new Argument('<system>').choices(systems)).argument('[folder]', 'the application\'s folder', '.')
    command.action(async (system: System, folder: string) => {
      await runCommand(command, async ({ output }) => {
        const root = resolve(folder)
        const placed = scriptsOf(system).map((script) => act(root, script, launcherPath()))
        output.result(placed, () => placed.map(describe).join('\n'))
        return 0
      })
    })
  }
}

function scriptsOf(system: System): readonly DropIn[] {
  return scripts[system].map((path) => ({ path, text: packageFile(`bin/drop-in/${system}/${path.replace(/^.*\//, '')}`) }))
}

function describe({ path, state, original }: PlacedDropIn): string {
  const more = original === undefined ? '' : state === 'installed' ? `; the original is ${printable(original)}` : ', and the original is back'
  return `${state}: ${printable(path)}${more}`
}
