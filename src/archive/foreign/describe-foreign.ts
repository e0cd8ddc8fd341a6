import { literalPattern } from '../../disk/literal-pattern.ts'
import { programVersion } from '../../kit/program-version.ts'
import type { DatabaseFacts, Manifest, Remark } from '../../model/restore-point.ts'
import { damaged } from '../damaged.ts'
import { fromRecord, parseRecord } from '../entry-record.ts'
import type { Spool } from '../spool.ts'
import { textLines } from '../text-lines.ts'
import { NameHashes } from '../zip/name-hashes.ts'
import { inApplication } from './arrange-members.ts'
import type { ForeignFile } from './foreign-files.ts'
import type { ForeignKind, Packing, Recognised } from './foreign-kind.ts'
import type { ForeignPoint } from './foreign-point.ts'
import type { Survey } from './survey.ts'

export type ForeignFacts = {
  readonly id: string
  readonly kind: ForeignKind
  readonly told: Recognised
  /** Where the application lies; empty where nobody knows. */
  readonly root: string
  readonly files: readonly ForeignFile[]
  readonly encrypted: boolean
  readonly packing: Packing
  readonly survey: Survey
  readonly dump?: string
  readonly now: Date
}

// They stand in the reference that an import leaves.
const mostRepeated = 1000
const mostTops = 1000

/** The code of a warning about a dump that cannot be whole. */
export const brokenDump = 'foreign.dump-broken'

/** What a reading of a foreign archive has told, in the form in which our own points tell it. */
export async function describeForeign(facts: ForeignFacts): Promise<ForeignPoint> {
  const { id, kind, told, files, encrypted, packing, survey, now } = facts
  const tally = await tallied(survey, kind)
  const { databases, warnings, notes } = dumpsOf(facts)
  const startedAt = told.madeAt.toISOString()
  const manifest: Manifest = {
    format: 'holdfast/restore-point',
    version: 1,
    program: programVersion,
    points: [{ id, slot: told.slot ?? 'dated', key: files[0]?.path ?? '' }],
    app: told.app,
    host: told.host ?? '',
    preset: kind.preset,
    root: facts.root,
    scope: told.scope,
    without: [],
    selection: { include: [...tally.tops].flatMap(withJournals).map(anchored), exclude: [...kind.exclude, ...passedOver(kind, survey)], oneFileSystem: false, cacheDirTag: true },
    startedAt,
    finishedAt: startedAt,
    complete: false,
    databases,
    leftOut: [],
    warnings,
    notes: [{ code: 'foreign.checked', message: `${kind.title}. ${checkedBy[packing]}` }, ...notes],
    entries: tally.entries,
    contentBytes: tally.contentBytes,
    records: { path: '', sha256: '', lines: 0 },
    foreign: { kind: kind.name, container: packing },
  }
  return { format: 'holdfast/imported', version: 1, id, kind: kind.name, encrypted, files: [...files], repeated: tally.repeated, lacks: tally.folders === 0 ? 'folders' : tally.root ? 'nothing' : 'root', manifest, importedAt: now.toISOString(), verifiedAt: now.toISOString() }
}

const checkedBy: Readonly<Record<Packing, string>> = {
  'zip': 'Checked: every member\'s size and CRC-32, or its authentication code where it is encrypted.',
  'tar.gz': 'Checked: the CRC-32 of all contents, the checksum of every header, the end of the archive.',
  'tar.zst': 'Checked: the checksum of every header and the end of the archive; the contents only where the program that made it wrote Zstandard\'s checksums.',
  'tar': 'Checked: the checksum of every header and the end of the archive. A plain tar has no checksums of contents: whether they were changed before the import could not be seen.',
  'gpg': 'Checked: the integrity code of the encryption, what is packed within it, the end of the archive.',
  'folder': 'Checked: that every file can be read. A plain folder has no checksums: what was lost or changed in it before the import could not be seen.',
}

/** With a database at the top go the journals beside it: SQLite would play a live one's into what comes back. */
function withJournals(top: string): readonly string[] {
  return /\.(?:db3?|s3db|sqlite3?)$/i.test(top) ? [top, `${top}-wal`, `${top}-shm`, `${top}-journal`] : [top]
}

function anchored(path: string): string {
  return `/${literalPattern(path)}`
}

/** Patterns of folders that this archive holds nothing of, as its program may have passed over them. */
function passedOver(kind: ForeignKind, { found }: Survey): readonly string[] {
  return (kind.mayPassOver ?? []).filter((folder) => !found.has(`${folder}/`)).map((folder) => `/${folder}/*`)
}

function dumpsOf({ kind, told, survey, dump }: ForeignFacts): { databases: DatabaseFacts[]; warnings: Remark[]; notes: Remark[] } {
  const databases: DatabaseFacts[] = []
  const warnings: Remark[] = []
  const notes: Remark[] = []
  for (const [member, verdict] of survey.dumps) {
    const path = inApplication({ path: member }, kind)?.path
    if (path === undefined || (!kind.isDump(member) && member !== dump && path !== dump)) continue
    const wanted = verdict.database ?? told.app
    const name = databases.some((other) => other.name === wanted) ? path : wanted
    databases.push({
      name, engine: 'mariadb', version: verdict.version ?? 'unknown', path, tables: [...verdict.tables], sizeBytes: verdict.sizeBytes,
      ...(verdict.closed ? {} : { unclosed: true as const }),
    })
    if (verdict.fault !== undefined) warnings.push({ code: brokenDump, path, message: `the dump is not complete: ${verdict.fault}` })
    else if (!verdict.closed) notes.push({ code: 'foreign.dump-unproven', path, message: 'the dump has no closing line, as the program that made it writes none. No statement is cut and nothing is left open in it, but that nothing is missing at its end cannot be proven' })
  }
  return { databases, warnings, notes }
}

type Tally = {
  readonly entries: number
  readonly contentBytes: number
  readonly folders: number
  readonly root: boolean
  readonly repeated: [string, number][]
  /**
   * What a restore may remove: things below what the archive holds at its top, where that lies in the application, and nothing
   * beside it. Nobody knows what else the program that made it did not save.
   */
  readonly tops: ReadonlySet<string>
}

async function tallied({ records, tops: inArchive }: Survey, kind: ForeignKind): Promise<Tally> {
  const names = new NameHashes()
  for await (const { path } of entriesOf(records, kind)) names.add(path)
  const suspects = names.repeated()
  const seen = new Map<string, { count: number; folder: boolean }>()
  const tally = { entries: 0, contentBytes: 0, folders: 0, root: false }
  const tops = new Set(kind.place === undefined ? inArchive : [])
  for await (const { path, kind: what, size } of entriesOf(records, kind)) {
    tally.contentBytes += size
    tally.entries += 1
    if (path === '.') tally.root = true
    else if (what === 'dir') tally.folders += 1
    if (path === '.' && what !== 'dir') throw damaged('it holds a file in the place of the application\'s folder')
    if (kind.place !== undefined && path !== '.' && tops.size < mostTops) tops.add(path.split('/', 1)[0] ?? '')
    if (!suspects.has(NameHashes.of(path))) continue
    const before = seen.get(path)
    seen.set(path, { count: (before?.count ?? 0) + 1, folder: what === 'dir' && before?.folder !== false })
    if (before !== undefined) tally.entries -= 1
  }
  const repeated = [...seen].filter(([, { count }]) => count > 1).map(([path, { count, folder }]): [string, number] => [path, folder ? 0 : count])
  if (repeated.length > mostRepeated) throw damaged(`it holds ${repeated.length} paths several times`)
  return { ...tally, repeated, tops }
}

type Listed = { readonly path: string; readonly kind: string; readonly size: number }

async function* entriesOf(records: Spool, kind: ForeignKind): AsyncGenerator<Listed, void, undefined> {
  for await (const line of textLines(records.read())) {
    const record = inApplication(fromRecord(parseRecord(line)), kind)
    // A file that tar was told of twice is a hardlink to itself.
    if (record === undefined || record.hardlinkTo === record.path) continue
    yield { path: record.path, kind: record.kind, size: record.size ?? 0 }
  }
}
