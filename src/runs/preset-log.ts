import { closeSync, constants, fchmodSync, fchownSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AnchoredFolder } from '../disk/anchored-folder.ts'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { wallClock } from '../kit/wall-clock.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { RunEvent } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import { reduceRun } from '../model/run-report.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { ActiveRun, RunContext } from './perform-run.ts'

/** A run's context whose events go into the log too. */
export function listening(context: RunContext, log: PresetLogFile): RunContext {
  return {
    ...context,
    onEvent(event) {
      log.take(event)
      context.onEvent(event)
    },
  }
}

/**
 * A run's body that also tells, by a note, of a log that cannot be opened or written to its end. No warning: the restore point is
 * whole, and must neither count as incomplete nor keep older ones from being thinned out.
 */
export function notingLog(log: PresetLogFile, body: (run: ActiveRun) => Promise<void>): (run: ActiveRun) => Promise<void> {
  return async (run) => {
    log.tellProblem(run)
    try {
      await body(run)
    } finally {
      log.tellProblem(run)
    }
  }
}

/**
 * Writes the log that an application's own users know, as events happen. It is a courtesy: the run's journal is the
 * truth, and a log that cannot be written never changes a run's result. Links inside the application are not followed.
 */
export class PresetLogFile implements Disposable {
  readonly #preset: Preset
  readonly #root: string
  readonly #owner: FileOwner | undefined
  #report: RunReport | undefined
  #file: number | undefined
  #path = ''
  #problem: string | undefined

  constructor(preset: Preset, root: string, owner: FileOwner | undefined) {
    this.#preset = preset
    this.#root = root
    this.#owner = owner
  }

  take(event: RunEvent): void {
    const { log } = this.#preset
    if (log === undefined || event.type === 'run.progress') return
    this.#report = reduceRun(this.#report, event)
    if (this.#report === undefined) return
    if (event.type === 'run.started') this.#open(log.file(event.kind, wallClock(new Date(event.at))), log.appends === true)
    const lines = log.lines(event, this.#report, this.#root)
    if (this.#file === undefined || lines.length === 0) return
    try {
      writeSync(this.#file, `${lines.join('\n')}\n`)
    } catch (error) {
      this.#problem = `could not be written to its end: ${messageOf(error)}`
      this[Symbol.dispose]()
    }
  }

  /** Tells what has gone wrong since this was called last. */
  tellProblem(run: Pick<ActiveRun, 'emit'>): void {
    const problem = this.#problem
    if (problem === undefined) return
    this.#problem = undefined
    run.emit({ type: 'run.note', code: 'log.not-written', path: this.#path, message: `the log that the users of ${this.#preset.name} know ${problem}; the run's own journal has all of it` })
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(path: string | undefined, appends: boolean): void {
    if (path === undefined) return
    this.#path = path
    try {
      using root = new AnchoredFolder(this.#root)
      this.#makeFolders(root, dirname(path))
      this.#file = openSync(root.at(path), constants.O_WRONLY | constants.O_CREAT | (appends ? constants.O_APPEND : constants.O_TRUNC) | constants.O_NOFOLLOW, 0o640)
      if (this.#owner !== undefined) fchownSync(this.#file, this.#owner.uid, this.#owner.gid)
      fchmodSync(this.#file, 0o640)
    } catch (error) {
      // No such folder to write to, a link, no right to.
      this.#problem = `could not be opened: ${reasonOf(error)}`
    }
  }

  #makeFolders(root: AnchoredFolder, path: string): void {
    if (path === '.') return
    this.#makeFolders(root, dirname(path))
    try {
      mkdirSync(root.at(path), { mode: 0o750 })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return
      throw error
    }
    if (this.#owner === undefined) return
    const folder = openSync(root.at(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      fchownSync(folder, this.#owner.uid, this.#owner.gid)
    } finally {
      closeSync(folder)
    }
  }
}

function reasonOf(error: unknown): string {
  const code = systemCode(error instanceof AppError ? error.cause : error)
  return code === 'ELOOP' || code === 'ENOTDIR' ? 'a link, or something else that is no folder, stands in its place, and links are not followed' : messageOf(error)
}
