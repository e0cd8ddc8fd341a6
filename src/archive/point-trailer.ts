import type { Entry } from '../model/entry.ts'
import type { Manifest, Slot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { About } from '../model/vault.ts'
import { programVersion } from '../kit/program-version.ts'
import type { WrittenMember } from './format.ts'
import type { RecordWriter } from './record-writer.ts'
import { RemarkList } from './remark-list.ts'
import { manifestName, recordsName, trailerFolder } from './trailer.ts'

export type NewPoint = {
  readonly id: string
  readonly slot: Slot
  readonly key: string
  /** Where it goes instead when it turns out incomplete or smaller than is expected: it must not displace a complete one. */
  readonly incompleteKey?: string
}

const progressEveryMs = 100

/** What is gathered while a restore point is written, and the members that it ends with. */
export class PointTrailer {
  readonly #about: About
  readonly #run: Run
  readonly #records: RecordWriter
  readonly #points: readonly [NewPoint, ...NewPoint[]]
  readonly #allRead: () => void | Promise<void>
  readonly #warnings = new RemarkList()
  readonly #leftOut = new RemarkList()
  readonly #notes = new RemarkList()
  #toldAt = 0
  #manifest: Manifest | undefined

  constructor(about: About, run: Run, records: RecordWriter, points: readonly [NewPoint, ...NewPoint[]], allRead: () => void | Promise<void>) {
    this.#about = about
    this.#run = run
    this.#records = records
    this.#points = points
    this.#allRead = allRead
  }

  /** Set once `members` was asked for. */
  get manifest(): Manifest | undefined {
    return this.#manifest
  }

  onMember(member: WrittenMember): void {
    const { problem, note } = member
    if (problem !== undefined) {
      this.#warnings.add(problem)
      if (member.leftOut) this.#leftOut.add(problem)
      this.#run.emit({ type: 'run.warning', ...problem })
    }
    if (note !== undefined) {
      this.#notes.add(note)
      this.#run.emit({ type: 'run.note', ...note })
    }
    if (!member.leftOut) this.#records.add(member)
    this.progress(0, member.entry.path)
  }

  /** `bytes`: read of a member that is not yet told. */
  progress(bytes: number, path: string): void {
    const now = performance.now()
    if (now - this.#toldAt < progressEveryMs) return
    this.#toldAt = now
    this.#run.emit({ type: 'run.progress', files: this.#records.lines, bytes: this.#records.contentBytes + bytes, path })
  }

  async *members(): AsyncGenerator<Entry, void, undefined> {
    await this.#allRead()
    const finishedAt = this.#run.now()
    const records = this.#records.finish()
    const folder = trailerFolder(this.#points[0].id)
    const common = { kind: 'file', mode: 0o600, mtimeNs: BigInt(finishedAt.getTime()) * 1_000_000n, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } as const
    const manifest = this.#describe(finishedAt, { path: `${folder}/${recordsName}`, sha256: records.sha256, lines: this.#records.lines })
    this.#manifest = manifest
    yield { ...common, path: `${folder}/${recordsName}`, size: records.sizeBytes, open: records.content }
    const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`)
    yield { ...common, path: `${folder}/${manifestName}`, size: text.length, open: () => once(text) }
  }

  #describe(finishedAt: Date, records: Manifest['records']): Manifest {
    const about = this.#about
    const end = about.atEnd()
    const complete = end.complete && this.#warnings.count === 0
    const displaces = complete && about.displaces?.(this.#records.contentBytes) !== false
    return {
      format: 'holdfast/restore-point',
      version: 1,
      program: programVersion,
      points: this.#points.map(({ id, slot, key, incompleteKey }) => ({ id, slot, key: displaces ? key : incompleteKey ?? key })),
      app: about.app,
      host: about.host,
      preset: about.preset,
      root: about.root,
      scope: about.scope,
      without: [...about.without],
      selection: about.selection,
      startedAt: about.startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      complete,
      databases: [...end.databases],
      ...(about.volumes === undefined ? {} : { volumes: [...about.volumes] }),
      leftOut: this.#leftOut.joinedTo(end.leftOut),
      warnings: this.#warnings.joinedTo(end.warnings),
      notes: this.#notes.joinedTo(end.notes),
      entries: records.lines,
      contentBytes: this.#records.contentBytes,
      records,
      ...(about.config === undefined ? {} : { config: about.config }),
      ...(about.foreign === undefined ? {} : { foreign: about.foreign }),
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
