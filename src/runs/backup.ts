import { hostname } from 'node:os'
import { AppError, messageOf } from '../kit/app-error.ts'
import { shellQuote } from '../kit/shell-quote.ts'
import type { Hook } from '../model/hook.ts'
import type { Expectations } from '../model/expectations.ts'
import type { KeepRules } from '../model/keep-rules.ts'
import type { DatabaseFacts, Scope, SelectionRules, Snapshot, VolumeFacts } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Source } from '../model/source.ts'
import type { About, PointName, Vault } from '../model/vault.ts'
import type { ListedPoints } from './apply-retention.ts'
import { applyRetention } from './apply-retention.ts'
import { heldFiles, tellingEmpty } from './empty-source.ts'
import { judgeNewestSize } from '../policy/judge-vault.ts'
import { isOfThisHost, tellOfOtherHosts } from './other-hosts.ts'
import type { ActiveRun } from './perform-run.ts'
import { tellingGone } from './tell-gone.ts'
import { tidyRestores, unfinishedRestore } from './restore/work-in-progress.ts'

export type NamedVault = { readonly name: string; readonly place: string; readonly vault: Vault }

export type UnopenedVault = { readonly name: string; readonly error: AppError }

export type BackupRequest = {
  readonly app: string
  readonly root: string
  readonly preset: string
  readonly scope: Scope
  readonly without: readonly string[]
  readonly selection: SelectionRules
  readonly volumes: readonly VolumeFacts[]
  readonly points: readonly PointName[]
  readonly config?: string
  /** Where it goes; the first that takes it is copied to the others. */
  readonly vaults: readonly NamedVault[]
  /** Vaults that could not be opened: a disk that is not mounted must not keep the others from having the point. */
  readonly unopened: readonly UnopenedVault[]
  /** Made anew for each reading. */
  source(): Source
  readonly hooks: Hook
  readonly verify: boolean
  readonly keep?: KeepRules
  /** What the application's usual points look like, and which scope these have. */
  readonly usual: { readonly expect: Expectations; readonly scope: Scope }
  /** Whether somebody else has said whether that database is missing. */
  isJudged(database: DatabaseFacts): boolean
  /** How many warnings the run had before the application was looked at: all since then are about its restore point. */
  readonly warningsBefore: number
  readonly keepSafetyMs: number
  /** Told of each point as soon as it is saved. */
  onSaved(snapshot: Snapshot): void
  /** Told of what ended the run, before the failure hook. */
  onFailed(error: unknown): void
}

/** What is known when the first byte is read: how the run stood, and what lay in the vaults. */
type Begun = { readonly warnings: number; readonly before: ReadonlyMap<NamedVault, readonly Snapshot[]> }

/** A new point with the name of the vault that holds it. */
export type SavedPoint = Snapshot & { readonly vault: string }

/**
 * One backup, as docs/design.md ("A backup") says: read once, saved to the first vault that takes it, verified, thinned out
 * by retention where all went well, copied to the other vaults. A vault that fails is a warning as long as another one
 * has the restore point. The hooks `after` and, on failure, `on-failure` run on every path.
 *
 * @throws AppError `state.unfinished-restore`, and whatever kept every vault from having the point.
 */
export async function backup(request: BackupRequest, run: ActiveRun): Promise<readonly SavedPoint[]> {
  try {
    run.emit({ type: 'run.phase', phase: 'prepare' })
    const { warningCount: warnings } = run.report()
    refuseHalfRestored(request.root)
    await tidyRestores(request.root, request.keepSafetyMs, run)
    const saved = await saveToVaults(request, { warnings, before: await pointsBefore(request, run) }, run)
    await request.hooks.fire('after', run)
    return saved
  } catch (error) {
    request.onFailed(error)
    await request.hooks.fire('on-failure', run).catch((cause: unknown) => {
      run.emit({ type: 'run.warning', code: 'hook.failed', message: messageOf(cause) })
    })
    throw error
  }
}

function refuseHalfRestored(root: string): void {
  const unfinished = unfinishedRestore(root)
  if (unfinished === undefined) return
  throw new AppError('state.unfinished-restore', `A restore of ${root} that began at ${unfinished.about.startedAt} was interrupted halfway; a half restored application is not saved`, {
    hint: `Finish it with "holdfast restore --resume --target ${shellQuote(root)}", or bring the former state back with "holdfast restore --rollback --target ${shellQuote(root)}".`,
  })
}

/** What lies in each vault of the application, newest first. */
async function pointsBefore({ vaults, app }: BackupRequest, run: ActiveRun): Promise<Begun['before']> {
  const before = new Map<NamedVault, readonly Snapshot[]>()
  for (const named of vaults) {
    try {
      before.set(named, (await named.vault.snapshots(silenced(run), () => undefined)).filter((point) => point.app === app))
    } catch (error) {
      // A vault that cannot be listed is told where the point is saved to it.
      if (!(error instanceof AppError) || !isOfVault(error) || run.signal.aborted) throw error
      before.set(named, [])
    }
  }
  return before
}

async function saveToVaults(request: BackupRequest, begun: Begun, run: ActiveRun): Promise<readonly SavedPoint[]> {
  let first: { vault: Vault; snapshots: readonly Snapshot[] } | undefined
  const all: SavedPoint[] = []
  const failures: AppError[] = []
  const count = request.vaults.length + request.unopened.length
  const fail = (name: string, error: AppError): void => {
    failures.push(error)
    if (count > 1) run.emit({ type: 'run.warning', code: error.code, message: `The vault "${name}" failed: ${error.message}` })
  }
  for (const named of request.vaults) {
    const { name, vault } = named
    try {
      const before = begun.before.get(named) ?? []
      const snapshots = first === undefined ? await saveFromSource(request, begun, vault, run) : await copyPoint(request, begun, first, vault, run)
      for (const snapshot of snapshots) {
        run.emit({ type: 'snapshot.saved', vault: name, snapshot })
        request.onSaved(snapshot)
      }
      all.push(...(await verifyAll(request, vault, snapshots, run)).map((snapshot) => ({ ...snapshot, vault: name })))
      // What did not read back is no source for others: the next vault is given the application itself.
      first ??= { vault, snapshots }
      const { points, unlisted } = await pointsNow(request, vault, run)
      tellOfOtherHosts(before, points, name, run)
      // Only after success: a point in which something is missing removes nothing.
      if (snapshots.every(({ complete }) => complete)) await applyRetention(request, { points: points.filter(isOfThisHost), unlisted }, name, vault, run)
    } catch (error) {
      // What is wrong with the application is wrong for every vault.
      if (!(error instanceof AppError) || !isOfVault(error) || run.signal.aborted) throw error
      fail(name, error)
    }
  }
  // After the others, whose points are not incomplete by it.
  for (const { name, error } of request.unopened) fail(name, error)
  const [failure] = failures
  if (failure !== undefined && failures.length === count) throw failure
  return all
}

/** For lists whose remarks are told elsewhere. */
function silenced(run: Run): Run {
  return { signal: run.signal, now: () => run.now(), emit: () => undefined }
}

function isOfVault(error: AppError): boolean {
  return error.code.startsWith('storage.') || error.code.startsWith('vault.') || error.code.startsWith('archive.')
}

/** What lies in a vault of the application now, with the new point. Unreadable neighbours are told where the rules look at them. */
async function pointsNow({ app, keep = {} }: BackupRequest, vault: Vault, run: ActiveRun): Promise<ListedPoints> {
  const unlisted: string[] = []
  const points = (await vault.snapshots(Object.keys(keep).length === 0 ? silenced(run) : run, (folder) => unlisted.push(folder))).filter((point) => point.app === app)
  return { points, unlisted }
}

async function saveFromSource(request: BackupRequest, begun: Begun, vault: Vault, run: ActiveRun): Promise<readonly Snapshot[]> {
  const source = request.source()
  let thawing: Promise<void> | undefined
  const thaw = (): Promise<void> => (thawing ??= source.thaw(run))
  try {
    const { scope, selection, volumes } = request
    const earlier = [...begun.before].map(([{ vault: other }, points]) => ({ vault: other, points: points.filter(isOfThisHost) }))
    const whole = tellingGone(source.entries(run), { scope, selection, volumes, isJudged: (database) => request.isJudged(database), databases: () => source.databases(), gone: request.usual.expect.gone ?? [] }, earlier, run)
    const entries = tellingEmpty(whole, { root: request.root, include: request.selection.include, heldBefore: async () => await heldFilesBefore(request, begun, run) }, run)
    return await vault.save(entries, { ...aboutRequest(request, begun, source, run), ...rollingRules(request, begun, vault, run) }, run, async () => {
      await source.look(run)
      // What goes wrong is told where it is awaited, below.
      thaw().catch(() => undefined)
    })
  } finally {
    await thaw()
  }
}

async function heldFilesBefore({ scope }: BackupRequest, { before }: Begun, run: ActiveRun): Promise<boolean> {
  for (const [{ vault }, points] of before) if (await heldFiles(vault, points.filter((point) => point.scope === scope), run)) return true
  return false
}

function aboutRequest(request: BackupRequest, begun: Begun, source: Source, run: ActiveRun): About {
  const { app, root, preset, scope, without, selection, volumes, points, config, warningsBefore } = request
  // A vault that failed before takes nothing from what the next one gets; what was missing already before the first one does.
  const earlier = run.report().warningCount
  const ofPoint = <T>(warnings: readonly T[]): readonly T[] => [...warnings.slice(warningsBefore, begun.warnings), ...warnings.slice(earlier)]
  return {
    app, root, preset, scope, without, selection, points,
    host: hostname(),
    startedAt: run.now(),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(config === undefined ? {} : { config }),
    atEnd() {
      const { warnings, warningCount, notes } = run.report()
      return {
        complete: begun.warnings === warningsBefore && warningCount === earlier,
        databases: source.databases(),
        leftOut: warnings.slice(earlier).filter(({ path }) => path !== undefined),
        warnings: ofPoint(warnings),
        notes,
      }
    },
  }
}

/** Which rolling points of a vault a new one may replace: this machine's, and none by one that is smaller than is expected. */
function rollingRules({ usual, scope }: BackupRequest, { before }: Begun, vault: Vault, run: Run): Pick<About, 'spares' | 'displaces'> {
  const points = [...before].find(([named]) => named.vault === vault)?.[1] ?? []
  return {
    spares: (point) => !isOfThisHost(point),
    displaces(contentBytes) {
      const [newest] = points
      if (newest === undefined || scope !== usual.scope) return true
      const { damagedAt: _, ...sound } = newest
      return judgeNewestSize([{ ...sound, scope, complete: true, startedAt: run.now().toISOString(), contentBytes }, ...points], { ...usual, name: '' }, run.now()).length === 0
    },
  }
}

/** A point of one vault written into another: entries and facts as they were read, under the same names. */
async function copyPoint(request: BackupRequest, begun: Begun, from: { vault: Vault; snapshots: readonly Snapshot[] }, to: Vault, run: ActiveRun): Promise<readonly Snapshot[]> {
  const [snapshot] = from.snapshots
  if (snapshot === undefined) throw new AppError('internal', 'The first vault gave no restore point to copy')
  const manifest = await from.vault.manifest(snapshot.id, run)
  return await to.save(from.vault.open(snapshot.id, () => true, run, 'content'), {
    app: manifest.app,
    host: manifest.host,
    preset: manifest.preset,
    root: manifest.root,
    scope: manifest.scope,
    without: manifest.without,
    selection: manifest.selection,
    startedAt: new Date(manifest.startedAt),
    points: request.points,
    ...rollingRules(request, begun, to, run),
    ...(manifest.volumes === undefined ? {} : { volumes: manifest.volumes }),
    ...(manifest.config === undefined ? {} : { config: manifest.config }),
    atEnd: () => manifest,
  }, run, () => undefined)
}

/** The points again, as they stand once every byte of them was read. */
async function verifyAll(request: BackupRequest, vault: Vault, snapshots: readonly Snapshot[], run: ActiveRun): Promise<readonly Snapshot[]> {
  if (!request.verify) return snapshots
  const verified: Snapshot[] = []
  for (const snapshot of snapshots) {
    run.emit({ type: 'run.phase', phase: 'verify', totalBytes: snapshot.contentBytes })
    const findings: string[] = []
    for await (const { message, path } of vault.check(snapshot.id, 'full', run)) findings.push(path === undefined ? message : `${path}: ${message}`)
    await vault.mark(snapshot.id, findings.length === 0, run)
    run.emit({ type: 'snapshot.verified', id: snapshot.id, ok: findings.length === 0 })
    if (findings.length > 0) {
      throw new AppError('archive.damaged', `The restore point ${snapshot.id} was written, but does not read back as it should: ${findings.slice(0, 3).join('; ')}`, {
        hint: 'Check the disk and the memory of the machine; run the backup again.',
      })
    }
    verified.push({ ...snapshot, verifiedAt: run.now().toISOString() })
  }
  return verified
}
