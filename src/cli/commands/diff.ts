import type { Command } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { Entry } from '../../model/entry.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import type { Difference } from '../../runs/diff-points.ts'
import { diffPoints, diffTables } from '../../runs/diff-points.ts'
import type { Application } from '../../runs/application.ts'
import { applicationAt } from '../../runs/application.ts'
import { liveSide } from '../../runs/live-side.ts'
import { namedPoint } from '../choose-point.ts'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { quietRun } from '../quiet-run.ts'
import type { Setup } from '../../runs/setup.ts'
import { knownPoints, vaultOf } from '../../runs/setup.ts'

export function addDiffCommand(program: Command): void {
  const command = program.command('diff').description('show what differs between two restore points, or one and the live folder')
    .argument('[before]', 'an id, or "latest"', 'latest').argument('[after]', 'another id; without it the live folder')
  addReadingOptions(command).option('--target <folder>', 'the live folder (default: where the point was made)').action(async (before: string, after: string | undefined, options: { target?: string }) => {
    await runCommand(command, async ({ output, setup, signal }) => {
      const place = placeOptions(command.opts())
      const run = quietRun(output, signal)
      const vaults = await setup.vaultsToRead(place)
      const points = await knownPoints(vaults, place.app, run)
      const left = namedPoint(points, before, output)
      const leftManifest = await vaultOf(left, vaults).manifest(left.id, run)
      const right = after === undefined ? undefined : namedPoint(points, after, output)
      const rightManifest = right === undefined ? undefined : await vaultOf(right, vaults).manifest(right.id, run)
      const counts = { added: 0, removed: 0, changed: 0 }
      const differences: Difference[] = []
      const live = liveSide(liveApplication(setup, options.target, leftManifest), leftManifest, await setup.tempFolder(), run)
      const rightSide = right === undefined ? live.entries : entries(vaultOf(right, vaults), right.id, rightManifest, run)
      for await (const difference of diffPoints(entries(vaultOf(left, vaults), left.id, leftManifest, run), rightSide, await setup.tempFolder(), signal)) {
        counts[difference.change] += 1
        if (output.json) differences.push(difference)
        else process.stdout.write(`${describe(difference)}\n`)
      }
      const databases = rightManifest?.databases ?? await live.databases()
      // A server that cannot be reached from here is not compared; that is no difference.
      const tables = diffTables(leftManifest.databases.filter(({ path }) => rightManifest !== undefined || databases.some((facts) => facts.path === path)), databases)
      output.result({ ...counts, differences, tables }, () => [
        ...tables.map(({ database, table, before: rows, after: now }) => `rows     ${printable(database)}.${printable(table)}: ${rows ?? 'not there'} → ${now ?? 'not there'}`),
        `${counts.added} added, ${counts.removed} removed, ${counts.changed} changed${tables.length > 0 ? `, ${tables.length} tables with other rows` : ''}.`,
      ].join('\n'))
      return 0
    })
  })
}

/** A point's files; dumps are compared by their tables. */
async function* entries(vault: Vault, id: string, manifest: Manifest | undefined, run: Run): AsyncGenerator<Entry> {
  const dumps = new Set(manifest?.databases.filter(({ engine }) => engine !== 'sqlite').map(({ path }) => path))
  for await (const entry of vault.open(id, (path) => !dumps.has(path), run, 'content')) yield entry
}

/** The configured application that the point names, for its databases; else the folder alone. */
function liveApplication(setup: Setup, target: string | undefined, manifest: Manifest): Application {
  if (target === undefined && setup.config?.apps[manifest.app] !== undefined) return setup.application(manifest.app)
  if (target === undefined && manifest.root === '') throw new AppError('usage', 'Another program made this archive, which does not say where the application belongs', { hint: 'Give the live folder with --target, or a second restore point.' })
  return applicationAt(target ?? manifest.root, setup.config, setup.defaultPlace, undefined)
}

function describe({ path, change, what }: Difference): string {
  return `${change.padEnd(8)} ${printable(path)}${what.length > 0 ? ` (${what.join(', ')})` : ''}`
}
