import type { Command } from 'commander'
import { performRun } from '../../runs/perform-run.ts'
import type { Verification } from '../../runs/verify.ts'
import { verify } from '../../runs/verify.ts'
import { printable } from '../../kit/printable.ts'
import { choosePoint, findPoints } from '../choose-point.ts'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { Progress } from '../progress.ts'
import { quietRun } from '../quiet-run.ts'
import { exitStatusOfRun } from '../run-status.ts'
import { vaultOf } from '../../runs/setup.ts'

export function addVerifyCommand(program: Command): void {
  const command = program.command('verify').description('read restore points again and compare every byte with the records').argument('[ids...]', 'ids, "latest" or "all"', ['latest'])
  addReadingOptions(command).option('--quick', 'only the structure and the records, not the contents').action(async (ids: readonly string[], options: { quick?: boolean }) => {
    await runCommand(command, async ({ output, setup, signal }) => {
      const place = placeOptions(command.opts())
      const vaults = await setup.vaultsToRead(place)
      const found = await findPoints(vaults, place.app, quietRun(output, signal))
      // A latest one that was found damaged is looked at again, and not passed over for an older one that is whole.
      const undamaged = { ...found, points: found.points.map(({ damagedAt: _known, ...point }) => point) }
      const isAll = ids.includes('all')
      const chosen = isAll ? found.points : ids.map((id) => choosePoint(undamaged, id, output))
      const results: Verification[] = []
      // What cannot even be listed is told by a note; all are not whole then.
      let status = isAll && found.unreadable.length > 0 ? 1 : 0
      using progress = new Progress(output)
      for (const point of chosen) {
        const { report, error } = await performRun('verify', await setup.state(point.app), { signal, onEvent: progress.show, now: () => new Date() }, async (run) => {
          results.push(...await verify(vaultOf(point, vaults), [point], options.quick === true ? 'quick' : 'full', run))
        })
        if (error !== undefined) throw error
        status = Math.max(status, report.verified.some(({ ok }) => !ok) ? 1 : exitStatusOfRun(report))
      }
      output.result(results.map(({ snapshot, findings }) => ({ id: snapshot.id, key: snapshot.key, ok: findings.length === 0, findings })), () => results.map((result) => describe(result, options.quick === true)).join('\n'))
      return status
    })
  })
}

function describe({ snapshot, findings }: Verification, isQuick: boolean): string {
  // What was not read is not called whole.
  if (findings.length === 0) return `${snapshot.id}  ${printable(snapshot.key)}: ${isQuick ? 'structure and records are right' : 'whole'}, ${snapshot.entries} entries${isQuick ? '; contents were not read' : ''}`
  return [`${snapshot.id}  ${printable(snapshot.key)}: DAMAGED`, ...findings.slice(0, 10).map(({ path, message }) => `  ${path === undefined ? '' : `${printable(path)}: `}${printable(message)}`)].join('\n')
}
