import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { thisPerson } from '../config/default-paths.ts'
import { findConfig, usualConfigFiles } from '../config/find-config.ts'
import type { ServerOptions } from '../config/server-options.ts'
import { serverOptionsSchema } from '../config/server-options.ts'
import { writeNewConfig } from '../config/write-config.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { Overview } from '../model/api/overview.ts'
import { Setup } from '../runs/setup.ts'
import { ConfigWatch } from './config-watch.ts'
import { log } from './log.ts'

export type ServeOptions = { readonly config?: string; readonly state?: string; readonly data?: string; readonly listen?: string }

export type ConfigurationListener = {
  /** Another one is in use; the one before stays for a minute, and for as long as somebody holds it. */
  use(): Promise<void>
  /** The one that lies there cannot be used, since now; or, undefined, it can be again. */
  broken(why: string | undefined): void
  /** Its health changed. */
  changed(): void
}

type Lasting = Pick<ServerOptions, 'listen' | 'basePath' | 'tls' | 'data'> & { readonly state: string | undefined }

const restartNeeded: Overview['reporting'][number] = { name: 'server', state: 'failed', text: 'Its address, certificate, base path, data or state folder were changed in the configuration: they are used once the server is started again.' }
const readersMs = 60_000

/** The configuration as the server uses it. One that somebody changes and that is not valid is told, and the one before holds. */
export class Configuration implements AsyncDisposable {
  readonly #given: ServeOptions
  readonly #watch: ConfigWatch
  readonly #signal: AbortSignal
  /** What holds until the server ends, whatever the configuration says meanwhile. */
  readonly #lasting: Lasting
  #setup: Setup
  /** How many hold each of them; one that is not in use any more ends with the last of them. */
  readonly #holders = new Map<Setup, number>()
  readonly #retired = new Set<Setup>()
  #listener: ConfigurationListener | undefined
  /** Why the one that lies there now is not used. */
  #problem: Overview['reporting'][number] | undefined

  private constructor(given: ServeOptions, setup: Setup, watch: ConfigWatch, signal: AbortSignal) {
    this.#given = given
    this.#setup = setup
    this.#watch = watch
    this.#signal = signal
    this.#lasting = lastingOf(setup)
  }

  /** @throws AppError `config.…`, `state.denied`. */
  static async open(given: ServeOptions, signal: AbortSignal): Promise<Configuration> {
    const watch = new ConfigWatch({ find: async () => await findConfig(given.config, thisPerson(), true) })
    await watch.settle()
    return new Configuration(given, await Setup.load(given, signal), watch, signal)
  }

  /** From now on changes are read. */
  start(listener: ConfigurationListener): void {
    this.#listener = listener
    this.#watch.start(async () => await this.#reread())
  }

  get setup(): Setup {
    return this.#setup
  }

  get options(): ServerOptions {
    const { listen, basePath, tls } = this.#lasting
    const { tls: _, ...options } = optionsIn(this.#setup)
    return { ...options, listen, basePath, ...(tls === undefined ? {} : { tls }) }
  }

  /** Its file; made where there is none yet. */
  async file(): Promise<string> {
    const known = this.#setup.configFile
    if (known !== undefined) return known
    const files = usualConfigFiles(thisPerson())
    const file = this.#given.config ?? (process.geteuid?.() === 0 ? files.at(-1) : files[0])
    if (file === undefined) throw new AppError('config.missing', 'There is no place for a configuration')
    if (!existsSync(file)) await writeNewConfig(file, '# Holdfast: see docs/reference/config.md\napps: {}\n')
    await this.reload()
    return file
  }

  /** Reads it again. Where it is not valid the one before stays. @throws AppError `config.…`. */
  async reload(): Promise<void> {
    const before = this.#setup
    await this.#watch.settle()
    this.#setup = await Setup.load({ ...this.#given, state: before.stateRoot }, this.#signal)
    const wasBroken = this.isBroken
    this.#problem = undefined
    this.#retire(before)
    await this.#listener?.use()
    if (wasBroken) this.#listener?.broken(undefined)
  }

  /** Whether the file as it lies there cannot be used: whatever reads it, as each backup does, fails. */
  get isBroken(): boolean {
    return this.#problem !== undefined
  }

  /** What was opened by the configuration in use stays open until this is disposed of, whatever comes into use meanwhile. */
  hold(): Disposable {
    const setup = this.#setup
    this.#holders.set(setup, (this.#holders.get(setup) ?? 0) + 1)
    return {
      [Symbol.dispose]: () => {
        this.#holders.set(setup, (this.#holders.get(setup) ?? 1) - 1)
        this.#endUnused(setup)
      },
    }
  }

  health(): Overview['reporting'] {
    const waits = isDeepStrictEqual(lastingOf(this.#setup), this.#lasting) ? [] : [restartNeeded]
    return [...waits, ...(this.#problem === undefined ? [] : [this.#problem])]
  }

  /** The options by which a command that is shown means the same configuration and state: as they were given. */
  givenArgs(): readonly string[] {
    return globalArgs(this.#given.config, this.#given.state)
  }

  /** Those by which a child of the server does. */
  childArgs(): readonly string[] {
    return globalArgs(this.#setup.configFile, this.#setup.stateRoot)
  }

  /** Nothing is read again from here on. */
  end(): void {
    this.#watch[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
    await this.#setup[Symbol.asyncDispose]()
  }

  #retire(setup: Setup): void {
    setTimeout(() => {
      this.#retired.add(setup)
      this.#endUnused(setup)
    }, readersMs).unref()
  }

  #endUnused(setup: Setup): void {
    if ((this.#holders.get(setup) ?? 0) > 0) return
    this.#holders.delete(setup)
    if (this.#retired.delete(setup)) void setup[Symbol.asyncDispose]()
  }

  /** Somebody else has changed it. */
  async #reread(): Promise<void> {
    try {
      await this.reload()
      log('the configuration was changed, and is in use')
    } catch (error) {
      const text = `The configuration was changed and cannot be used, so that the one before holds: ${messageOf(error)}`
      log(text)
      const wasBroken = this.isBroken
      this.#problem = { name: 'configuration', state: 'failed', text, at: new Date().toISOString() }
      if (!wasBroken) this.#listener?.broken(messageOf(error))
    }
    this.#listener?.changed()
  }
}

function globalArgs(config: string | undefined, state: string | undefined): readonly string[] {
  return [...(config === undefined ? [] : ['--config', config]), ...(state === undefined ? [] : ['--state', state])]
}

function optionsIn(setup: Setup): ServerOptions {
  return setup.config?.server ?? serverOptionsSchema.parse({})
}

function lastingOf(setup: Setup): Lasting {
  const { listen, basePath, tls, data } = optionsIn(setup)
  return { listen, basePath, tls, data, state: setup.config?.state }
}
