import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { durationSchema } from '../../model/duration-schema.ts'
import { byteSizeSchema } from '../../model/byte-size-schema.ts'
import type { KeepRules } from '../../model/keep-rules.ts'
import { keepRulesSchema } from '../../model/keep-rules.ts'
import type { Verdict } from '../../policy/retain.ts'
import { judgeNewestSize, missingPoints } from '../../policy/judge-vault.ts'
import { retain } from '../../policy/retain.ts'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { NamedVault } from '../../runs/backup.ts'
import { forget, forgetMissing, judgeNamed, missingReason, namedMissing } from '../../runs/forget.ts'
import type { MissingPoint } from '../../runs/forget.ts'
import { recordedPoints } from '../../runs/interrupted-runs.ts'
import { performRun } from '../../runs/perform-run.ts'
import { askYesNo, mayAsk } from '../ask.ts'
import { findPoints, namedPoint } from '../choose-point.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { table } from '../output.ts'
import { addReadingOptions, placeOptions } from '../place-options.ts'
import { Progress } from '../progress.ts'
import { quietRun } from '../quiet-run.ts'
import type { KnownPoint, Setup } from '../../runs/setup.ts'
import { localTime } from '../point-words.ts'

type Row = { readonly verdict: Verdict; readonly point: { readonly app: string; readonly key: string; readonly startedAt?: string } | undefined }
type Options = { keepLast?: number; keepHourly?: number; keepDaily?: number; keepWeekly?: number; keepMonthly?: number; keepYearly?: number; keepWithin?: string; maxSize?: string; dryRun?: boolean; force?: boolean }

export function addForgetCommand(program: Command): void {
  const command = program.command('forget').description('remove restore points, named ones or by rules').argument('[ids...]', 'the points to remove, or that are gone and not to be missed any more; without them the rules decide')
  addReadingOptions(command)
    .option('--keep-last <n>', 'keep the newest n', count)
    .option('--keep-hourly <n>', 'keep the newest of each hour, n of them', count)
    .option('--keep-daily <n>', 'keep the newest of each day, n of them', count)
    .option('--keep-weekly <n>', 'keep the newest of each week, n of them', count)
    .option('--keep-monthly <n>', 'keep the newest of each month, n of them', count)
    .option('--keep-yearly <n>', 'keep the newest of each year, n of them', count)
    .option('--keep-within <time>', 'keep all of the last 30d, 12h, 2y …', text(durationSchema))
    .option('--max-size <size>', 'remove the oldest until all fit into 500MB …', text(byteSizeSchema))
    .option('-n, --dry-run', 'only say what would be removed')
    .option('--force', 'remove named points even where no sound one is left, and by rules even while the newest is smaller than is expected')
    .action(async (ids: string[], options: Options) => {
      await runCommand(command, async (context) => await forgetPoints(context, ids, options, placeOptions(command.opts())))
    })
}

async function forgetPoints({ output, setup, options: { ask, json }, signal }: CommandContext, ids: readonly string[], options: Options, place: ReturnType<typeof placeOptions>): Promise<number> {
  const vaults = await setup.vaultsToRead(place)
  const { points, unlisted } = await findPoints(vaults, place.app, quietRun(output, signal))
  const missing = unlisted.length > 0 ? [] : await missingFor(setup, ids, vaults, points, place.app)
  const lost = ids.flatMap((id) => isThere(points, id) ? [] : namedMissing(missing, id) ?? [])
  const named = ids.filter((id) => isThere(points, id) || namedMissing(missing, id) === undefined).map((id) => namedPoint(points, id, output))
  const given = rulesOf(options)
  if (ids.length > 0 && given !== undefined) throw new AppError('usage', 'Points to remove and rules were both given', { hint: 'Give one of the two.' })
  if (ids.length === 0 && unlisted[0] !== undefined) throw new AppError('vault.unlisted', `${unlisted[0]}: rules are not applied to a part of them`, { hint: 'Correct the rights of that folder, or name the points to remove.' })
  const apps = [...new Set(points.map(({ app }) => app))]
  if (ids.length === 0 && apps.length > 1 && place.app === undefined) throw new AppError('app.ambiguous', `There are restore points of several applications here: ${apps.toSorted().join(', ')}`, { hint: 'Name one with --app.' })
  const judged = vaults.map((vault) => {
    // Rules are for our own points; of a foreign one only the reference goes, where the user names it.
    const own = points.filter((point) => point.vault === vault.name && (ids.length > 0 || point.foreign === undefined || point.complete))
    const rules = given ?? setup.config?.apps[place.app ?? apps[0] ?? '']?.keep ?? {}
    if (ids.length === 0 && options.force !== true) refuseWhileSmall(setup, own, vault.name)
    return { vault, own, verdicts: ids.length > 0 ? judgeNamed(own, named.filter((point) => point.vault === vault.name), options.force === true) : retain(own, rules, new Date()) }
  })
  const verdicts: readonly Row[] = [
    ...judged.flatMap(({ own, verdicts: all }) => all.map((verdict) => ({ verdict, point: own.find(({ id }) => id === verdict.id) }))),
    ...lost.map((point) => ({ verdict: { id: point.id, keep: false, reasons: [missingReason] }, point })),
  ]
  const gone = verdicts.filter(({ verdict }) => !verdict.keep)
  const result = (removed: boolean): void => output.result(
    { removed, points: verdicts.map(({ verdict, point }) => ({ ...verdict, key: point?.key })) },
    () => `${verdictTable(verdicts)}\n${gone.length} ${removed ? 'removed' : 'would be removed'}, ${verdicts.length - gone.length} kept.`,
  )
  if (options.dryRun === true || gone.length === 0) {
    result(gone.length === 0)
    return 0
  }
  if (mayAsk({ ask, json })) {
    output.say(verdictTable(gone))
    if (!await askYesNo(`Remove ${gone.length} restore point${gone.length === 1 ? '' : 's'} for good?`)) throw new AppError('restore.confirm', 'Nothing was removed')
  }
  using progress = new Progress(output)
  for (const { vault, own, verdicts: all } of judged) {
    for (const [app, ofApp] of Map.groupBy(own, (point) => point.app)) {
      const { error } = await performRun('forget', await setup.state(app), { signal, onEvent: progress.show, now: () => new Date() }, async (run) => {
        await forget(vault, ofApp, all.filter(({ id }) => ofApp.some((point) => point.id === id)), run)
      })
      if (error !== undefined) throw error
    }
  }
  for (const [app, ofApp] of Map.groupBy(lost, (point) => point.app)) {
    const { error } = await performRun('forget', await setup.state(app), { signal, onEvent: progress.show, now: () => new Date() }, async (run) => forgetMissing(ofApp, run))
    if (error !== undefined) throw error
  }
  result(true)
  return 0
}

function isThere(points: readonly KnownPoint[], wanted: string): boolean {
  return points.some(({ id, key }) => wanted === 'latest' || id === wanted || key === wanted || key.endsWith(`/${wanted}`) || (/^[0-9a-f]{4,16}$/.test(wanted) && id.startsWith(wanted)))
}

/** What runs have saved in the opened vaults and does not lie there, where something is named that does not. */
async function missingFor(setup: Setup, ids: readonly string[], vaults: readonly NamedVault[], points: readonly KnownPoint[], app: string | undefined): Promise<readonly MissingPoint[]> {
  if (ids.every((id) => isThere(points, id))) return []
  const missing: MissingPoint[] = []
  for (const name of Object.keys(setup.config?.apps ?? {})) {
    if (app !== undefined && app !== name) continue
    const known = await recordedPoints(await setup.state(name))
    for (const plan of setup.application(name).vaults) {
      const opened = vaults.find(({ place }) => place === plan.place)
      if (opened === undefined) continue
      const there = points.filter((point) => point.vault === opened.name && point.app === name)
      missing.push(...missingPoints(known.filter(({ vault }) => vault === plan.name), there).map((point) => ({ ...point, app: name })))
    }
  }
  return missing
}

/** What made the newest point small would otherwise push out the ones from before, as in a backup. */
function refuseWhileSmall({ config }: Setup, points: readonly KnownPoint[], vault: string): void {
  for (const [app, own] of Map.groupBy(points, (point) => point.app)) {
    const usual = config?.apps[app]
    const [tooSmall] = usual === undefined ? [] : judgeNewestSize(own.filter((point) => point.foreign === undefined), { ...usual, name: vault }, new Date())
    if (tooSmall !== undefined) throw new AppError('vault.protected', `The rules are not applied to the restore points of ${app}. ${tooSmall.message.replace(/\.$/, '')}`, { hint: 'Name the points to remove, or say --force.' })
  }
}

function rulesOf(options: Options): KeepRules | undefined {
  const given = { last: options.keepLast, hourly: options.keepHourly, daily: options.keepDaily, weekly: options.keepWeekly, monthly: options.keepMonthly, yearly: options.keepYearly, within: options.keepWithin, maxSize: options.maxSize }
  const rules = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return Object.keys(rules).length === 0 ? undefined : keepRulesSchema.parse(rules)
}

function verdictTable(verdicts: readonly Row[]): string {
  return table(['', 'ID', 'DATE', 'APP', 'FILE', 'WHY'], verdicts.map(({ verdict, point }) => [verdict.keep ? 'keep' : 'remove', verdict.id, point?.startedAt === undefined ? '' : localTime(point.startedAt), point?.app ?? '', printable(point?.key ?? ''), verdict.reasons.join('; ')]))
}

function count(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('a whole number is needed')
  return Number(value)
}

function text(schema: { safeParse(value: string): { success: boolean; error?: { issues: readonly { message: string }[] } } }): (value: string) => string {
  return (value) => {
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw new InvalidArgumentError(parsed.error?.issues[0]?.message ?? 'not understood')
    return value
  }
}
