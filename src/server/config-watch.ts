import { stat } from 'node:fs/promises'

const lookEveryMs = 2000

type Options = {
  /** The configuration's file as it would be read now; undefined where there is none. */
  readonly find: () => Promise<string | undefined>
  readonly lookEveryMs?: number
}

/**
 * Sees that the configuration was changed by somebody else, an editor above all. It looks now and then, which works on every file
 * system and with every way of replacing a file; a change counts once it has stayed the same for two looks, so that what is still
 * being written is not read. A file that vanished changes nothing: what it said last holds.
 */
export class ConfigWatch implements Disposable {
  readonly #options: Options
  #known: string | undefined
  #seen: string | undefined
  #isLooking = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** From now on each change is told. */
  start(onChange: () => Promise<void>): void {
    this.#timer = setInterval(() => void this.#look(onChange), this.#options.lookEveryMs ?? lookEveryMs)
  }

  /** What lies there now is what is in use: call it before that is read, so that no change is missed. */
  async settle(): Promise<void> {
    this.#known = await this.#signature()
    this.#seen = this.#known
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #look(onChange: () => Promise<void>): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const before = this.#seen
      this.#seen = await this.#signature()
      if (this.#seen === undefined || this.#seen !== before || this.#seen === this.#known) return
      this.#known = this.#seen
      await onChange()
    } finally {
      this.#isLooking = false
    }
  }

  async #signature(): Promise<string | undefined> {
    try {
      const file = await this.#options.find()
      if (file === undefined) return undefined
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
      return [file, ino, size, mtimeNs, ctimeNs].join(' ')
    } catch {
      return undefined
    }
  }
}
