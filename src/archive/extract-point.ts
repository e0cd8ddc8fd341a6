import type { EntryWriter } from '../model/entry-writer.ts'
import type { Selection } from '../model/vault.ts'
import { breather } from './breathe.ts'
import type { Member } from './format.ts'
import type { PointSource } from './point-source.ts'
import { readPoint } from './read-point.ts'
import type { ReadPointOptions } from './read-point.ts'

/**
 * The wanted entries, each with what it needs: where only a further name of a file is wanted, it comes with the content
 * of the first.
 * @throws as readPoint.
 */
export async function* readSelected(source: PointSource, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  /** The first wanted name for each first name that is not wanted. */
  const standIns = new Map<string, string>()
  for await (const entry of readPoint(source, selection, options)) {
    const first = entry.hardlinkTo
    if (first === undefined || selection(first)) {
      yield entry
      continue
    }
    const standIn = standIns.get(first)
    if (standIn !== undefined) {
      yield { ...entry, hardlinkTo: standIn }
      continue
    }
    standIns.set(first, entry.path)
    yield* alone(source, first, entry.path, options)
  }
}

const nothing = new Uint8Array(0)

/** Writes the wanted entries. @throws as readPoint and EntryWriter.write. */
export async function extractPoint(source: PointSource, selection: Selection, writer: EntryWriter, options: ReadPointOptions): Promise<void> {
  const breath = breather()
  for await (const entry of readSelected(source, selection, options)) {
    const pause = breath()
    if (pause !== undefined) await pause
    options.signal.throwIfAborted()
    if (entry.open !== undefined && entry.readWhole === undefined) {
      await writer.write(entry, entry.open(options.signal))
      continue
    }
    const { unchecked } = entry
    const content = (unchecked ?? entry).readWhole?.() ?? nothing
    writer.writeSmall(entry, content instanceof Uint8Array ? content : await content, unchecked?.sha256)
  }
}

/** One entry under another name, by reading the restore point once more. */
async function* alone(source: PointSource, path: string, name: string, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  const { onManifest: _, ...rest } = options
  for await (const entry of readPoint(source, (candidate) => candidate === path, rest)) yield { ...entry, path: name }
}
