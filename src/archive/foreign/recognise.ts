import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'
import type { DumpReader } from '../../model/dump-reader.ts'
import type { Run } from '../../model/run.ts'
import { folderPointId } from '../folder/folder-source.ts'
import { describeForeign } from './describe-foreign.ts'
import type { Candidate } from './find-candidates.ts'
import { fingerprint } from './foreign-files.ts'
import type { Evidence, ForeignKind, Recognised } from './foreign-kind.ts'
import { foreignKinds, foreignSetKinds } from './foreign-kinds.ts'
import type { ForeignPoint } from './foreign-point.ts'
import { openContainer } from './open-container.ts'
import type { Container, ContainerOptions } from './open-container.ts'
import type { Survey } from './survey.ts'
import { survey } from './survey.ts'

export type RecogniseOptions = ContainerOptions & {
  openDump(): DumpReader
  /** A further member that is a dump to import. */
  readonly dump?: string
  /** The application that it is of, and where that lies if it is known; default: what its kind is called. */
  application?(kind: { readonly preset: string; readonly app: string }): { readonly name: string; readonly root?: string }
}

/** A foreign archive that was read whole. */
export type RecognisedPoint = { readonly point: ForeignPoint; readonly survey: Survey }

/**
 * Reads a candidate whole and tells what it is: a foreign restore point, one of our own, or (undefined) nothing that is known.
 * The caller disposes of the survey.
 * @throws AppError `archive.damaged`, `archive.password`, `archive.encryption`, `archive.unsafe`, `storage.denied`.
 */
export async function recognise(candidate: Candidate, options: RecogniseOptions, run: Run): Promise<RecognisedPoint | 'ours' | undefined> {
  const { set } = candidate
  const kinds: readonly ForeignKind[] = set === undefined ? foreignKinds : [set.kind]
  const parts: { readonly container: Container; readonly at: string }[] = []
  for (const { path, at } of candidate.files) {
    const container = at === undefined ? undefined : await openContainer(path, options)
    if (at !== undefined && container === undefined) return undefined
    if (at !== undefined && container !== undefined) parts.push({ container, at })
  }
  const [first] = parts
  if (first === undefined) return undefined
  if (first.container.packing === 'folder' && await folderPointId(first.container.path) !== undefined) return 'ours'
  const files = await Promise.all(candidate.files.map(async ({ path, at }) => await fingerprint(path, at, run.signal)))
  const found = await surveyed(parts, kinds, options, run)
  if (found === undefined) return undefined
  try {
    if (found.ours) {
      found[Symbol.dispose]()
      return 'ours'
    }
    const known = await match(candidate, first.container, kinds, found)
    if (known === undefined) {
      found[Symbol.dispose]()
      return undefined
    }
    const { kind, told } = known
    requireDump(options.dump, kind, found)
    const { name: app, root } = options.application?.({ preset: kind.preset, app: told.app }) ?? { name: told.app }
    const id = createHash('sha256').update(JSON.stringify([kind.name, app, options.dump ?? '', files.map(({ sha256 }) => sha256)])).digest('hex').slice(0, 16)
    const point = await describeForeign({ id, kind, told: { ...told, app }, root: root ?? '', files, encrypted: parts.some(({ container }) => container.encrypted), packing: first.container.packing, survey: found, ...(options.dump === undefined ? {} : { dump: options.dump }), now: run.now() })
    return { point, survey: found }
  } catch (error) {
    found[Symbol.dispose]()
    throw error
  }
}

/** Undefined for what only begins like a tar. */
async function surveyed(parts: readonly { readonly container: Container; readonly at: string }[], kinds: readonly ForeignKind[], options: RecogniseOptions, run: Run): Promise<Survey | undefined> {
  try {
    return await survey(parts, {
      marks: new Set(kinds.flatMap(({ marks, mayPassOver = [] }) => [...marks, ...mayPassOver.map((folder) => `${folder}/`)])),
      texts: new Set(kinds.flatMap(({ texts }) => texts ?? [])),
      isDump: (path) => path === options.dump || kinds.some((kind) => kind.isDump(path) || (options.dump !== undefined && kind.place?.(path) === options.dump)),
      openDump: () => options.openDump(),
      ...(options.tempFolder === undefined ? {} : { tempFolder: options.tempFolder }),
    }, run)
  } catch (error) {
    if (error instanceof AppError && error.code === 'archive.foreign') return undefined
    throw error
  }
}

async function match(candidate: Candidate, container: Container, kinds: readonly ForeignKind[], found: Survey): Promise<{ readonly kind: ForeignKind; readonly told: Recognised } | undefined> {
  const evidence: Evidence = {
    name: candidate.set?.name ?? basename(container.path),
    packing: container.packing,
    has: (mark) => found.found.has(mark),
    tops: found.tops,
    dumps: found.dumps,
    texts: found.texts,
    modifiedAt: (await stat(systemPath(container.path))).mtime,
  }
  for (const kind of kinds) {
    const told = kind.recognise(evidence)
    if (told !== undefined) return { kind, told }
  }
  return undefined
}

function requireDump(dump: string | undefined, kind: ForeignKind, found: Survey): void {
  if (dump === undefined || [...found.dumps.keys()].some((path) => path === dump || kind.place?.(path) === dump)) return
  throw new AppError('usage', `The archive holds no file "${dump}"`, { hint: 'Name the dump by its path in the archive, without a slash before it.' })
}

/** The kinds that are known, for people. */
export function knownTitles(): string {
  return [...foreignKinds, ...foreignSetKinds].map(({ title }) => title).join(', ')
}
