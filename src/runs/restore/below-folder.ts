import type { EntryWriter } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import type { VaultReader } from '../../model/vault.ts'

/** A vault of which each restore point seems to be what lies in one folder of it: that folder is its root. */
export function belowFolder(vault: VaultReader, folder: string): Pick<VaultReader, 'open' | 'extract'> {
  const inside = (path: string): string | undefined => path === folder ? '.' : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
  const moved = (entry: Entry): Entry => {
    const { hardlinkTo: first, ...rest } = entry
    const hardlinkTo = first === undefined ? undefined : inside(first)
    return { ...rest, path: inside(entry.path) ?? entry.path, ...(hardlinkTo === undefined ? {} : { hardlinkTo }), ...(entry.open === undefined ? {} : { open: (signal) => entry.open?.(signal) ?? nothing() }) }
  }
  return {
    async* open(id, selection, run, what) {
      for await (const entry of vault.open(id, (path) => chosen(inside(path), selection), run, what)) yield moved(entry)
    },
    extract: async (id, selection, writer, run) => await vault.extract(id, (path) => chosen(inside(path), selection), writerBelow(writer, moved), run),
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An entry without content has no `open` either.
}

function chosen(path: string | undefined, selection: (path: string) => boolean): boolean {
  return path !== undefined && selection(path)
}

function writerBelow(writer: EntryWriter, moved: (entry: Entry) => Entry): EntryWriter {
  return {
    write: async (entry, content) => await writer.write(moved(entry), content),
    writeSmall: (entry, content, sha256) => writer.writeSmall(moved(entry), content, sha256),
    finish: async (signal) => await writer.finish(signal),
  }
}
