import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { RunEvent } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'
import { reduceRun } from '../../model/run-report.ts'
import { isLocked } from '../../runs/app-lock.ts'
import type { AppState } from '../../runs/app-state.ts'
import { parseEvent } from '../../runs/interrupted-runs.ts'

/** The watch of the kernel may miss something, or not be there (network disks); so it is also looked now and then. */
const lookAgainMs = 5000
const lookSoonMs = 1000
const readBytes = 256 * 1024

type Following = { readonly path: string; offset: number; report: RunReport | undefined }

/** What is done with what is seen. `died`: a run whose process is gone without having told its end. */
export type JournalListener = {
  event(app: string, run: string, event: RunEvent): void
  ended(app: string, report: RunReport): void
  died(app: string, report: RunReport): void
}

/**
 * Follows the journals of one application, whoever writes them: this server's children, cron, somebody at a terminal. What has
 * ended before is not told.
 */
export class JournalWatch implements Disposable {
  readonly #state: AppState
  readonly #listener: JournalListener
  readonly #known = new Set<string>()
  readonly #following = new Map<string, Following>()
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #isOpen = true

  constructor(state: AppState, listener: JournalListener) {
    this.#state = state
    this.#listener = listener
  }

  /** Those that have not ended, as far as they have come. */
  get active(): readonly RunReport[] {
    return [...this.#following.values()].flatMap(({ report }) => report ?? [])
  }

  /** Looks for the first time: journals that are there and have ended are passed over. `isEnded` tells by a journal's name. */
  async start(isEnded: (name: string) => Promise<boolean>): Promise<void> {
    const names = await journalNames(this.#state)
    for (const [index, name] of names.toReversed().entries()) {
      // Only the newest can be unfinished: a run closes those of runs before it that died.
      if (index < 3 && !(await isEnded(name))) continue
      this.#known.add(name)
    }
    try {
      this.#watcher = watch(this.#state.runsFolder, { persistent: false }, () => this.look())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // Without it the timer looks.
    }
    await this.#lookOnce()
    this.#schedule()
  }

  /** Looks now, or once more after the look that is under way. */
  look(): void {
    if (!this.#isOpen) return
    if (this.#looking !== undefined) {
      this.#lookAgain = true
      return
    }
    this.#looking = this.#lookOnce().catch(() => undefined).finally(() => {
      this.#looking = undefined
      const again = this.#lookAgain
      this.#lookAgain = false
      if (again) this.look()
      else this.#schedule()
    })
  }

  [Symbol.dispose](): void {
    this.#isOpen = false
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#isOpen) return
    this.#timer = setTimeout(() => this.look(), this.#following.size > 0 ? lookSoonMs : lookAgainMs)
    this.#timer.unref()
  }

  async #lookOnce(): Promise<void> {
    const names = await journalNames(this.#state)
    for (const name of names) {
      if (this.#known.has(name)) continue
      this.#known.add(name)
      this.#following.set(name, { path: join(this.#state.runsFolder, name), offset: 0, report: undefined })
    }
    if (this.#known.size > names.length + 100) {
      const there = new Set(names)
      for (const name of this.#known) if (!there.has(name)) this.#known.delete(name)
    }
    for (const [name, following] of this.#following) await this.#follow(name, following)
  }

  async #follow(name: string, following: Following): Promise<void> {
    // Asked before the last look at the journal: a run that ends in between has told its end by then.
    const dead = following.report !== undefined && !isLocked(this.#state)
    for (const line of await newLines(following)) {
      const event = parseEvent(line)
      if (event === undefined) continue
      following.report = reduceRun(following.report, event)
      if (following.report === undefined) continue
      this.#listener.event(this.#state.app, following.report.run, event)
      if (event.type !== 'run.finished') continue
      this.#following.delete(name)
      this.#listener.ended(this.#state.app, following.report)
      return
    }
    if (!dead || following.report === undefined) return
    this.#listener.died(this.#state.app, following.report)
  }
}

/** The run of a journal, by its name: `…-backup-<id>.ndjson`. */
export function runOfJournal(path: string): string {
  return /-([0-9a-f]{16})\.ndjson$/.exec(basename(path))?.[1] ?? ''
}

/** Oldest first. */
async function journalNames(state: AppState): Promise<readonly string[]> {
  return (await readdir(state.runsFolder)).filter((name) => name.endsWith('.ndjson')).sort()
}

/** Whole lines that were written since the last look. */
async function newLines(following: Following): Promise<readonly string[]> {
  const lines: string[] = []
  const handle = await open(following.path, 'r').catch(() => undefined)
  if (handle === undefined) return lines
  try {
    let buffer = Buffer.allocUnsafe(readBytes)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, following.offset)
      if (bytesRead === 0) return lines
      // Journals are JSON in ASCII but for names; a sign that is cut in two is put together with the next piece.
      const end = buffer.lastIndexOf(0x0a, bytesRead - 1)
      if (end === -1) {
        if (bytesRead < buffer.length) return lines
        // A line that is longer than that is one line all the same.
        buffer = Buffer.allocUnsafe(buffer.length * 2)
        continue
      }
      lines.push(...buffer.toString('utf8', 0, end).split('\n'))
      following.offset += end + 1
    }
  } finally {
    await handle.close()
  }
}
