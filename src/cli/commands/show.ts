import type { Command } from 'commander'
import { formatByteSize } from '../../kit/byte-size.ts'
import { printable } from '../../kit/printable.ts'
import type { Manifest } from '../../model/restore-point.ts'
import { namedPoint } from '../choose-point.ts'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { localTime, pointKind, pointState } from '../point-words.ts'
import { quietRun } from '../quiet-run.ts'
import type { KnownPoint } from '../../runs/setup.ts'
import { knownPoints, vaultOf } from '../../runs/setup.ts'

export function addShowCommand(program: Command): void {
  const command = program.command('show').description('show what a restore point holds').argument('[id]', 'an id, or "latest"', 'latest')
  addReadingOptions(command).option('--files', 'list every entry').action(async (id: string, options: { files?: boolean }) => {
    await runCommand(command, async ({ output, setup, signal }) => {
      const place = placeOptions(command.opts())
      const run = quietRun(output, signal)
      const vaults = await setup.vaultsToRead(place)
      const point = namedPoint(await knownPoints(vaults, place.app, run), id, output)
      const known = vaultOf(point, vaults)
      const manifest = await known.manifest(point.id, run)
      if (options.files !== true) {
        output.result({ ...point, manifest }, () => describe(point, manifest))
        return 0
      }
      // One line an entry, as JSON or as text: a list of a million files is not held in memory.
      for await (const entry of known.open(point.id, () => true, run, 'metadata')) {
        process.stdout.write(output.json
          ? `${JSON.stringify({ path: entry.path, kind: entry.kind, size: entry.size, mode: entry.mode.toString(8).padStart(4, '0'), mtime: new Date(Number(entry.mtimeNs / 1_000_000n)).toISOString() })}\n`
          : `${entry.kind.padEnd(7)} ${entry.mode.toString(8).padStart(4, '0')} ${String(entry.size ?? '').padStart(12)} ${printable(entry.path)}${entry.linkTarget === undefined ? '' : ` -> ${printable(entry.linkTarget)}`}\n`)
      }
      return 0
    })
  })
}

function describe(point: KnownPoint, manifest: Manifest): string {
  const lines = [
    `Restore point ${point.id} of ${point.app}`,
    `  file       ${printable(point.key)} (${point.foreign?.container ?? point.format}, ${formatByteSize(point.sizeBytes)})`,
    `  made       ${localTime(point.startedAt)}${point.foreign === undefined ? '' : ` by another program (${point.foreign.kind})`}${point.host === '' ? '' : ` on ${printable(point.host)}`}${point.root === '' ? '' : `, from ${printable(point.root)}`}`,
    `  kind       ${pointKind(point)}${manifest.without.length > 0 ? `, without ${manifest.without.join(', ')}` : ''}`,
    `  state      ${pointState(point)}${point.verifiedAt === undefined ? '' : ` ${localTime(point.verifiedAt)}`}`,
    `  content    ${point.entries} entries, ${formatByteSize(point.contentBytes)}`,
  ]
  for (const database of manifest.databases) {
    lines.push(`  database   ${printable(database.name)} (${database.engine} ${printable(database.version)}) as ${printable(database.path)}, ${formatByteSize(database.sizeBytes)}`)
    for (const { name, kind, rows } of database.tables) lines.push(`               ${printable(name)}${kind === 'view' ? ' (view)' : rows === undefined ? '' : `: ${rows} rows`}`)
  }
  for (const [word, remarks] of [['left out', manifest.leftOut], ['warning', manifest.warnings.filter(({ path }) => path === undefined)], ['note', manifest.notes]] as const) {
    for (const { message, path } of remarks.slice(0, 20)) lines.push(`  ${word.padEnd(10)} ${path === undefined ? '' : `${printable(path)}: `}${printable(message)}`)
    if (remarks.length > 20) lines.push(`  ${word.padEnd(10)} … ${remarks.length - 20} more (--json shows all)`)
  }
  return lines.join('\n')
}
