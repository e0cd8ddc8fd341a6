import { compileSelection } from '../disk/selection.ts'
import { AppError } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { DatabaseFacts, Manifest, Scope, SelectionRules, Snapshot, VolumeFacts } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Vault } from '../model/vault.ts'

type Present = {
  readonly scope: Scope
  readonly selection: SelectionRules
  readonly volumes: readonly VolumeFacts[]
  /** What the dumps held, once all were read. */
  databases(): readonly DatabaseFacts[]
  /** Whether somebody else has said whether that one is missing: the configuration, which names that server's databases itself, or whoever dumps its container. */
  isJudged(database: DatabaseFacts): boolean
  /** Names that earlier points hold and later ones need not (`expect.gone`). */
  readonly gone: readonly string[]
}

/** The points of one vault that this machine made. */
export type Earlier = { readonly vault: Vault; readonly points: readonly Snapshot[] }

// One that cannot be read is no reason to read all.
const mostTried = 3

/**
 * The entries as they come; before their end a warning for each server's database and each volume that the newest complete point holds and this
 * one lacks. An emptied configuration, a stack that is down or an engine that is not found looks like an application that has none, and points of
 * that must not push out those that hold them. An SQLite database is a file, which an application may remove.
 */
export async function* tellingGone(entries: AsyncIterable<Entry>, present: Present, earlier: readonly Earlier[], run: Run): AsyncGenerator<Entry, void, undefined> {
  const before = await newestManifest(present.scope, earlier, run)
  const raw = new Set(before?.databases.flatMap(({ rawFiles }) => rawFiles ?? []))
  const savedRaw = new Set<string>()
  for await (const entry of entries) {
    if (raw.size > savedRaw.size && entry.kind === 'file') for (const path of raw) if (entry.path.startsWith(`${path}/`)) savedRaw.add(path)
    yield entry
  }
  if (before === undefined) return
  const told = (name: string): boolean => present.gone.includes(name)
  const there = new Set(present.databases().map(({ name }) => name))
  for (const facts of before.databases) {
    const { name, engine, rawFiles } = facts
    if (engine === 'sqlite' || there.has(name) || told(name) || (rawFiles !== undefined && savedRaw.has(rawFiles)) || present.isJudged(facts)) continue
    run.emit({ type: 'run.warning', code: 'database.gone', message: sentence(`The database ${name}`, before, name) })
  }
  if (present.scope === 'database') return
  const isExcluded = compileSelection({ include: [], exclude: present.selection.exclude })
  for (const { name, path } of before.volumes ?? []) {
    if (present.volumes.some((volume) => volume.name === name) || told(name) || isExcluded(path, true) === 'skip') continue
    run.emit({ type: 'run.warning', code: 'volume.gone', message: sentence(`The volume ${name}`, before, name) })
  }
}

function sentence(what: string, { startedAt }: Manifest, name: string): string {
  return `${what} is in the restore point of ${startedAt}, and not in this one: look whether its server or container is still found and what the application's configuration says of it. The rules remove nothing meanwhile. If it is gone for good, say so: expect: {gone: [${JSON.stringify(name)}]} in holdfast.yaml`
}

/** Of the newest complete point that can be read. */
async function newestManifest(scope: Scope, earlier: readonly Earlier[], run: Run): Promise<Manifest | undefined> {
  const all = earlier.flatMap(({ vault, points }) => points.filter((point) => point.complete && point.scope === scope && point.damagedAt === undefined).map((point) => ({ vault, point })))
    .sort((a, b) => (a.point.startedAt < b.point.startedAt ? 1 : -1))
  for (const { vault, point } of all.slice(0, mostTried)) {
    try {
      return await vault.manifest(point.id, { signal: run.signal, now: () => run.now(), emit: () => undefined })
    } catch (error) {
      if (!(error instanceof AppError) || run.signal.aborted) throw error
    }
  }
  return undefined
}
