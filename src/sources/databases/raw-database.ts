import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { lockHolder } from '../../disk/lock-holder.ts'
import { systemPath } from '../../disk/name-codec.ts'
import type { Entry } from '../../model/entry.ts'

type Engine = 'MariaDB or MySQL' | 'PostgreSQL' | 'InfluxDB' | 'MongoDB' | 'Redis'

/** A database server's data folder and why its files, read while the server runs, are no backup of it. */
export type RawVerdict = { readonly path: string; readonly engine: Engine; readonly message: string }

type Found = { readonly engine: Engine; readonly inodes: Set<string>; inUse: string | undefined }

/** Files by which a server's data folder is known, the folder being the first group; the server has them open or locked. */
const marks: readonly (readonly [Engine, RegExp])[] = [
  ['MariaDB or MySQL', /^(?:(.*)\/)?(?:ibdata1|aria_log_control|mysql\.ibd|ib_logfile0)$/],
  ['PostgreSQL', /^(?:(.*)\/)?global\/pg_control$/],
  ['InfluxDB', /^(?:(.*)\/)?(?:influxd\.bolt|meta\/meta\.db)$/],
  ['MongoDB', /^(?:(.*)\/)?(?:WiredTiger\.wt|WiredTiger\.lock)$/],
  ['Redis', /^(?:(.*)\/)?(?:appendonly\.aof|appendonlydir\/[^/]+\.aof)$/],
]
const servers: Record<Engine, RegExp> = {
  'MariaDB or MySQL': /^(?:mariadbd|mysqld)/,
  'PostgreSQL': /^(?:postgres|postmaster)/,
  'InfluxDB': /^influxd/,
  'MongoDB': /^mongod/,
  'Redis': /^(?:redis-server|valkey-server)/,
}
/** More of InfluxDB's files than a server keeps open. */
const maxInodes = 100_000

/**
 * Recognises database servers' raw files during a walk and finds out whether a server is using them: an open file, a
 * lock, a process whose working folder it is, a pid file. It looks when a folder is first seen and again at the end, so
 * that a server that was stopped for the files is not blamed.
 */
export class RawDatabaseWatch implements Disposable {
  readonly #root: string
  readonly #found = new Map<string, Found>()
  /** InfluxDB holds its data files open, and the walk may meet them before the file by which the folder is known. */
  readonly #influxInodes = new Set<string>()

  /** `root` is what the entries' paths are relative to. */
  constructor(root: string) {
    this.#root = root
  }

  /** Give it every entry that is saved as it lies there. */
  see(entry: Pick<Entry, 'path' | 'kind' | 'dev' | 'ino'>): void {
    if (entry.kind !== 'file') return
    const inode = entry.dev === undefined || entry.ino === undefined ? undefined : `${entry.dev}:${entry.ino}`
    const mark = markOf(entry.path)
    if (mark === undefined) {
      if (inode !== undefined && /\.(?:tsm|wal)$/.test(entry.path) && this.#influxInodes.size < maxInodes) this.#influxInodes.add(inode)
      return
    }
    const found = this.#found.get(mark.folder)
    if (found !== undefined) {
      if (inode !== undefined) found.inodes.add(inode)
      return
    }
    const added: Found = { engine: mark.engine, inodes: mark.engine === 'InfluxDB' ? this.#influxInodes : new Set(), inUse: undefined }
    if (inode !== undefined) added.inodes.add(inode)
    this.#found.set(mark.folder, added)
    added.inUse = usedBy(join(this.#root, mark.folder), added)
  }

  /** The data folders whose server was running, each with a sentence. */
  verdicts(): readonly RawVerdict[] {
    return [...this.#found].flatMap(([folder, found]) => {
      const inUse = found.inUse ?? usedBy(join(this.#root, folder), found)
      if (inUse === undefined) return []
      const path = folder === '' ? '.' : folder
      return [{
        path, engine: found.engine,
        message: `${path} holds the raw files of a running ${found.engine} (${inUse}); files that change while they are read are no backup of a database. Dump it, or stop it while its files are read.`,
      }]
    })
  }

  [Symbol.dispose](): void {
    this.#found.clear()
  }
}

function markOf(path: string): { engine: Engine; folder: string } | undefined {
  for (const [engine, mark] of marks) {
    const found = mark.exec(path)
    if (found !== null) return { engine, folder: found[1] ?? '' }
  }
  return undefined
}

/** What shows that the folder is in use, in words; undefined where nothing does. */
function usedBy(folder: string, found: Found): string | undefined {
  const own = inodeOf(folder)
  let unseen: string | undefined
  for (const pid of readFolder('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue
    const name = readText(`/proc/${pid}/comm`).trim()
    // By inode, not by path: in a container the same file has another path.
    if (own !== undefined && servers[found.engine].test(name) && inodeOf(`/proc/${pid}/cwd`) === own) return `process ${pid}, ${name}`
    let descriptors: string[]
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`)
    } catch {
      if (servers[found.engine].test(name)) unseen = `process ${pid}, ${name}, belongs to another user and may be using them`
      continue
    }
    for (const descriptor of descriptors) {
      const inode = inodeOf(`/proc/${pid}/fd/${descriptor}`)
      if (inode !== undefined && found.inodes.has(inode)) return `process ${pid}, ${name}, has them open`
    }
  }
  const holder = lockHolder(found.inodes)
  return holder === undefined ? pidFile(folder, found) ?? unseen : `process ${holder} holds a lock on them`
}

/** PostgreSQL removes its pid file when it stops; in a container the number says nothing here. */
function pidFile(folder: string, found: Found): string | undefined {
  if (found.engine !== 'PostgreSQL') return undefined
  const pid = /^\d+/.exec(readText(join(folder, 'postmaster.pid')))?.[0]
  if (pid === undefined) return undefined
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return undefined
  }
  return `${posix.basename(folder)}/postmaster.pid names the running process ${pid}`
}

function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(systemPath(path))
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readText(path: string): string {
  try {
    return readFileSync(systemPath(path), 'utf8')
  } catch {
    return ''
  }
}
