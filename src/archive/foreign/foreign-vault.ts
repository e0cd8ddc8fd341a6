import { AppError } from '../../kit/app-error.ts'
import type { EntryWriter } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import type { Manifest, Snapshot } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { CheckDepth, Finding, OpenWhat, Selection, VaultReader } from '../../model/vault.ts'
import { breather } from '../breathe.ts'
import { damaged } from '../damaged.ts'
import { fromRecord, parseRecord } from '../entry-record.ts'
import type { Member } from '../format.ts'
import type { Spool } from '../spool.ts'
import { textLines } from '../text-lines.ts'
import { arrangeMembers, placedAt, withFolders } from './arrange-members.ts'
import { requireUnchanged } from './foreign-files.ts'
import { foreignSnapshot, kindOf, nameOf } from './foreign-point.ts'
import type { ForeignPoint } from './foreign-point.ts'
import { openContainer } from './open-container.ts'
import type { ContainerOptions } from './open-container.ts'

const nothing = new Uint8Array(0)
const damage = new Set(['archive.damaged', 'archive.foreign', 'archive.unsafe', 'archive.too-large', 'archive.encryption', 'source.unreadable', 'vault.missing'])

export type ForeignVaultOptions = ContainerOptions & {
  /** Records of a reading just before: metadata then need no further one. */
  readonly records?: Spool
}

/**
 * One foreign restore point. It is never written to, and its files must be what they were when the point was described:
 * before anything is extracted all their bytes are compared.
 */
export class ForeignVault implements VaultReader {
  readonly #point: ForeignPoint
  readonly #options: ForeignVaultOptions

  constructor(point: ForeignPoint, options: ForeignVaultOptions) {
    this.#point = point
    this.#options = options
  }

  async snapshots(_run: Run): Promise<readonly Snapshot[]> {
    return [foreignSnapshot(this.#point)]
  }

  async manifest(id: string, run: Run): Promise<Manifest> {
    this.#require(id)
    await this.#requireUnchanged('quick', run.signal)
    return this.#point.manifest
  }

  async *open(id: string, selection: Selection, run: Run, what: OpenWhat): AsyncGenerator<Entry, void, undefined> {
    this.#require(id)
    await this.#requireUnchanged('quick', run.signal)
    if (what === 'content') yield* this.#selected(selection, run.signal)
    else for await (const { open: _, readWhole: _whole, ...entry } of this.#entries(run.signal, this.#options.records)) if (selection(entry.path)) yield entry
  }

  async extract(id: string, selection: Selection, writer: EntryWriter, run: Run): Promise<void> {
    this.#require(id)
    await this.#requireUnchanged('full', run.signal)
    const breath = breather()
    for await (const member of this.#selected(selection, run.signal)) {
      const pause = breath()
      if (pause !== undefined) await pause
      run.signal.throwIfAborted()
      if (member.open !== undefined && member.readWhole === undefined) await writer.write(member, member.open(run.signal))
      else writer.writeSmall(member, await (member.readWhole?.() ?? nothing))
    }
  }

  async *check(id: string, depth: CheckDepth, run: Run): AsyncGenerator<Finding, void, undefined> {
    this.#require(id)
    try {
      await this.#requireUnchanged(depth, run.signal)
      const { entries, contentBytes } = this.#point.manifest
      const count = { files: 0, bytes: 0 }
      for await (const member of this.#arranged(run.signal)) {
        run.signal.throwIfAborted()
        if (depth === 'full' && member.open !== undefined) for await (const bytes of member.open(run.signal)) count.bytes += bytes.length
        count.files += 1
        run.emit({ type: 'run.progress', ...count, path: member.path })
      }
      // Of files that stand there several times only the last is read here.
      if (count.files !== entries || (depth === 'full' && this.#point.repeated.length === 0 && count.bytes !== contentBytes)) throw damaged('it holds something else than when it was imported')
    } catch (error) {
      if (!(error instanceof AppError) || !damage.has(error.code)) throw error
      yield { id, code: error.code, message: error.message }
    }
  }

  /** The wanted entries; where only a further name of a file is wanted, it comes with the content of the first. */
  async *#selected(selection: Selection, signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
    const standIns = new Map<string, Member[]>()
    for await (const member of this.#entries(signal)) {
      if (!selection(member.path)) continue
      const first = member.hardlinkTo
      if (first === undefined || selection(first)) yield member
      else standIns.set(first, [...standIns.get(first) ?? [], member])
    }
    if (standIns.size === 0) return
    for await (const member of this.#arranged(signal)) {
      const [first, ...others] = standIns.get(member.path) ?? []
      if (first === undefined || member.hardlinkTo !== undefined) continue
      yield { ...member, path: first.path }
      for (const other of others) yield { ...other, hardlinkTo: first.path }
      standIns.delete(member.path)
    }
    for (const [target, [further]] of standIns) throw damaged(`${further?.path ?? ''} is a hardlink to ${target}, which is not there`)
  }

  #entries(signal: AbortSignal, records?: Spool): AsyncGenerator<Member, void, undefined> {
    return withFolders(this.#arranged(signal, records), this.#point.lacks)
  }

  async *#arranged(signal: AbortSignal, records?: Spool): AsyncGenerator<Member, void, undefined> {
    yield* arrangeMembers(records === undefined ? this.#members(signal) : recorded(records), kindOf(this.#point), this.#point.repeated)
  }

  async *#members(signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
    for (const { path, at } of this.#point.files) {
      if (at === undefined) continue
      const container = await openContainer(path, this.#options)
      if (container === undefined) throw damaged(`${path} is no archive any more`)
      for await (const member of container.members(signal)) yield placedAt(member, at)
    }
  }

  async #requireUnchanged(depth: 'quick' | 'full', signal: AbortSignal): Promise<void> {
    for (const file of this.#point.files) await requireUnchanged(file, depth, signal)
  }

  #require(id: string): void {
    if (!this.#point.manifest.points.some((point) => point.id === id)) throw new AppError('vault.unknown-point', `${nameOf(this.#point)} does not hold the restore point ${id}`)
  }
}

async function* recorded(records: Spool): AsyncGenerator<Member, void, undefined> {
  for await (const line of textLines(records.read())) yield fromRecord(parseRecord(line))
}
