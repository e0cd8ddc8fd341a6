import { closeSync, constants, fchmodSync, fchownSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AnchoredFolder } from '../disk/anchored-folder.ts'
import { systemCode } from '../kit/app-error.ts'
import { wallClock } from '../kit/wall-clock.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { RunEvent } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import { reduceRun } from '../model/run-report.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { RunContext } from './perform-run.ts'

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
 * Writes the log that an application's own users know, as events happen. It is a courtesy: the run's journal is the
 * truth, and a log that cannot be written never changes a run. Links inside the application are not followed.
 */
export class PresetLogFile implements Disposable {
  readonly #preset: Preset
  readonly #root: string
  readonly #owner: FileOwner | undefined
  #report: RunReport | undefined
  #file: number | undefined

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
    if (event.type === 'run.started') this.#open(log.file(event.kind, wallClock(new Date(event.at))))
    const lines = log.lines(event, this.#report, this.#root)
    if (this.#file === undefined || lines.length === 0) return
    try {
      writeSync(this.#file, `${lines.join('\n')}\n`)
    } catch {
      // A full disk is told where it matters.
      this[Symbol.dispose]()
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(path: string | undefined): void {
    if (path === undefined) return
    try {
      using root = new AnchoredFolder(this.#root)
      this.#makeFolders(root, dirname(path))
      this.#file = openSync(root.at(path), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o640)
      if (this.#owner !== undefined) fchownSync(this.#file, this.#owner.uid, this.#owner.gid)
      fchmodSync(this.#file, 0o640)
    } catch {
      // No such folder to write to, a link, no right to: the journal has it all.
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
