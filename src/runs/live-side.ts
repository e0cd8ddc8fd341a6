import { compileSelection } from '../disk/selection.ts'
import { walk } from '../disk/walk.ts'
import type { Entry } from '../model/entry.ts'
import type { DatabaseFacts, Manifest } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { sqliteDump } from '../sources/databases/sqlite-copy.ts'
import { isSideFile } from '../sources/side-files.ts'
import type { Application } from './application.ts'
import { presetOf } from './application.ts'
import { openDatabases } from './open-databases.ts'
import type { Side } from './diff-points.ts'

/** The live application as the other side of a comparison with a restore point. */
export type LiveSide = {
  /** Its files, within what the point's source would have saved; SQLite databases as the same kind of copy that the point holds. */
  readonly entries: Side
  /** Its databases as they are now: those that the point holds and that can be reached. Call it after `entries` has ended. */
  databases(): Promise<readonly DatabaseFacts[]>
}

export function liveSide(app: Application, manifest: Manifest, scratch: string, run: Run): LiveSide {
  const facts: DatabaseFacts[] = []
  return {
    entries: liveEntries(app.root, manifest, scratch, facts, run),
    async databases() {
      const { servers } = await openDatabases(app, presetOf(app), run)
      const known = manifest.databases.filter(({ engine }) => engine !== 'sqlite')
      for (const { database } of servers) {
        const saved = known.find(({ name }) => name === database.name)
        if (saved !== undefined) facts.push({ ...saved, tables: [...await database.describe(run)] })
      }
      return facts
    },
  }
}

async function* liveEntries(root: string, { selection, databases }: Manifest, scratch: string, facts: DatabaseFacts[], run: Run): AsyncGenerator<Entry> {
  const sqlite = new Set(databases.filter(({ engine }) => engine === 'sqlite').map(({ path }) => path))
  for await (const entry of walk(root, {
    select: compileSelection(selection),
    oneFileSystem: selection.oneFileSystem,
    cacheDirTag: selection.cacheDirTag,
    signal: run.signal,
    onProblem: (problem) => run.emit({ type: 'run.warning', ...problem }),
  })) {
    // No restore point holds a socket: whoever listens makes it again.
    if (entry.kind === 'socket' || isSideFile(entry.path, sqlite)) continue
    if (!sqlite.has(entry.path) || entry.onDisk === undefined) {
      yield entry
      continue
    }
    await using copy = await sqliteDump(entry, run, scratch)
    yield copy.entry
    facts.push(copy.facts())
  }
}
