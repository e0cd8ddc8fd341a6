import type { Command } from 'commander'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { pointTable } from '../point-words.ts'
import { quietRun } from '../quiet-run.ts'
import { knownPoints } from '../../runs/setup.ts'

export function addListCommand(program: Command): void {
  const command = program.command('list').description('list restore points').argument('[app]', 'an application of the configuration')
  addReadingOptions(command).action(async (app: string | undefined) => {
    await runCommand(command, async ({ output, setup, signal }) => {
      const place = placeOptions({ ...command.opts(), ...(app === undefined ? {} : { app }) })
      const vaults = await setup.vaultsToRead(place)
      const points = await knownPoints(vaults, place.app, quietRun(output, signal))
      output.result(points, () => points.length === 0 ? 'There are no restore points here.' : pointTable(points))
      return 0
    })
  })
}
