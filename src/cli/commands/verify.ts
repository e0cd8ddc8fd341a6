import type { Command } from 'commander'
import { performRun } from '../../runs/perform-run.ts'
import type { Verification } from '../../runs/verify.ts'
import { verify } from '../../runs/verify.ts'
import { AppError } from '../../kit/app-error.ts'
import { exitStatusOf } from '../../kit/error-codes.ts'
import { printable } from '../../kit/printable.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import { choosePoint, findPoints } from '../choose-point.ts'
import type { FoundPoints } from '../choose-point.ts'
import { runCommand } from '../command-context.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { Progress } from '../progress.ts'
import { quietRun } from '../quiet-run.ts'
import { exitStatusOfRun } from '../run-status.ts'
import { vaultOf } from '../../runs/setup.ts'

/** A restore point that could not be looked at, for its password or anything else: nothing is known of it. */
type NotLookedAt = { readonly snapshot: Snapshot; readonly error: AppError }

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
      const results: (Verification | NotLookedAt)[] = []
      const statuses = isAll ? statusesOfUnreadable(found) : []
      using progress = new Progress(output)
      for (const point of chosen) {
        try {
          const { report, error } = await performRun('verify', await setup.state(point.app), { signal, onEvent: progress.show, now: () => new Date() }, async (run) => {
            results.push(...await verify(vaultOf(point, vaults), [point], options.quick === true ? 'quick' : 'full', run))
          })
          if (error !== undefined) throw error
          statuses.push(report.verified.some(({ ok }) => !ok) ? 1 : exitStatusOfRun(report))
        } catch (error) {
          // One that cannot be opened must not keep the others from being looked at.
          if (!(error instanceof AppError) || error.code === 'interrupted' || chosen.length === 1) throw error
          results.push({ snapshot: point, error })
          statuses.push(exitStatusOf(error.code))
        }
      }
      output.result([...results.map(valueOf), ...(isAll ? unreadableValues(found) : [])], () => results.map((result) => describe(result, options.quick === true)).join('\n'))
      return gravest(statuses)
    })
  })
}

/** What cannot even be listed is told by a note; all are not whole then. */
function statusesOfUnreadable({ unreadable, unlisted }: FoundPoints): number[] {
  return [...unreadable.map(({ code }) => code === 'archive.password' ? exitStatusOf(code) : 1), ...unlisted.map(() => 3)]
}

/** Damage before a lock that is held, that before a password that does not fit, and that before warnings. */
function gravest(statuses: readonly number[]): number {
  const known = [1, exitStatusOf('lock.held'), exitStatusOf('archive.password'), 3]
  return known.find((status) => statuses.includes(status)) ?? statuses.find((status) => status !== 0) ?? 0
}

function valueOf(result: Verification | NotLookedAt): unknown {
  const { id, key } = result.snapshot
  if ('error' in result) return { id, key, ok: false, findings: [], error: { code: result.error.code, message: result.error.message } }
  return { id, key, ok: result.findings.length === 0, findings: result.findings }
}

function unreadableValues({ unreadable }: FoundPoints): readonly unknown[] {
  return unreadable.map(({ path, code, message }) => ({ key: path, ok: false, findings: [], error: { code, message } }))
}

function describe(result: Verification | NotLookedAt, isQuick: boolean): string {
  if ('error' in result) return `${result.snapshot.id}  ${printable(result.snapshot.key)}: NOT LOOKED AT, ${printable(result.error.message)} [${result.error.code}]`
  const { snapshot, findings } = result
  // What was not read is not called whole.
  if (findings.length === 0) return `${snapshot.id}  ${printable(snapshot.key)}: ${isQuick ? 'structure and records are right' : 'whole'}, ${snapshot.entries} entries${isQuick ? '; contents were not read' : ''}`
  return [`${snapshot.id}  ${printable(snapshot.key)}: DAMAGED`, ...findings.slice(0, 10).map(({ path, message }) => `  ${path === undefined ? '' : `${printable(path)}: `}${printable(message)}`)].join('\n')
}
