import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FolderProbe } from '../../disk/folder-probe.ts'
import { AppError } from '../../kit/app-error.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import type { Application } from '../../runs/application.ts'
import type { Setup } from '../../runs/setup.ts'
import { silentPlace } from '../../runs/silent-place.ts'

export type OpenVault = { readonly name: string; readonly place: string; readonly vault: Vault | AppError }

/** `unlisted`: folders that may not be read; with them the points are not all. */
type Listing = { readonly points: readonly Snapshot[]; readonly unlisted: readonly string[] }

/** So long a list may take before its place counts as one that hangs. */
const listMs = 3 * 60_000

/**
 * The vaults of applications, opened once and kept; one that could not be opened is tried again each time. Applications that
 * keep their points at one place share its vault, and what lies there is listed once for all of them, until it is forgotten. A place that does not answer is not touched.
 */
export class OpenVaults {
  readonly #setup: Setup
  readonly #probe: FolderProbe
  readonly #listMs: number
  readonly #open = new Map<string, Vault>()
  readonly #lists = new Map<Vault, Promise<Listing>>()
  /** Those whose list did not come in time, and has not come yet. */
  readonly #hanging = new Map<Vault, Promise<Listing>>()

  constructor(setup: Setup, probe: FolderProbe, limitMs = listMs) {
    this.#setup = setup
    this.#probe = probe
    this.#listMs = limitMs
  }

  async of(app: Application): Promise<readonly OpenVault[]> {
    return await Promise.all(app.vaults.map(async (plan): Promise<OpenVault> => {
      const key = JSON.stringify([plan.place, plan.password])
      if (!await this.#probe.answers(plan.place)) return { name: plan.name, place: plan.place, vault: silentPlace(plan.place) }
      // A disk that was unmounted since: its mount point must not be taken for an empty vault.
      if (await stat(plan.place).catch(() => undefined) === undefined) return { name: plan.name, place: plan.place, vault: new AppError('vault.missing', `There is no folder ${plan.place}`, { hint: 'It is made by the first backup, or its disk is not mounted.' }) }
      const known = this.#open.get(key)
      if (known !== undefined) return { name: plan.name, place: plan.place, vault: known }
      try {
        const { vault } = await this.#setup.openVault(plan, {}, { imported: true })
        this.#open.set(key, vault)
        return { name: plan.name, place: plan.place, vault }
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        return { name: plan.name, place: plan.place, vault: error }
      }
    }))
  }

  /** What lies in a vault, of all applications. @throws AppError `vault.silent` where it takes too long, and what listing it does. */
  async list(vault: Vault, run: Run): Promise<Listing> {
    // Each further list would hang like it, and take a thread from all that reads files.
    if (this.#hanging.has(vault)) throw tooLate()
    const known = this.#lists.get(vault)
    if (known !== undefined) return await this.#inTime(vault, known)
    const listing = listed(vault, run)
    this.#lists.set(vault, listing)
    // What failed is tried again by whoever asks next.
    listing.catch(() => this.#lists.delete(vault))
    return await this.#inTime(vault, listing)
  }

  async #inTime(vault: Vault, listing: Promise<Listing>): Promise<Listing> {
    const waiting = new AbortController()
    const late = sleep(this.#listMs, undefined, { signal: waiting.signal, ref: false }).then(() => {
      this.#hanging.set(vault, listing)
      void listing.catch(() => undefined).then(() => this.#hanging.delete(vault))
      throw tooLate()
    })
    // Nobody waits for it any more where the list has come.
    late.catch(() => undefined)
    try {
      return await Promise.race([listing, late])
    } finally {
      waiting.abort()
    }
  }

  /** The next to ask sees what lies there then. Without vaults: all is forgotten. */
  forget(vaults: readonly OpenVault[] | undefined): void {
    if (vaults === undefined) this.#lists.clear()
    else for (const { vault } of vaults) if (!(vault instanceof AppError)) this.#lists.delete(vault)
  }
}

function tooLate(): AppError {
  return new AppError('vault.silent', 'what lies there was not listed in time', { hint: 'Its network mount or its disk hangs: see whether "ls" answers there.', retry: true })
}

async function listed(vault: Vault, run: Run): Promise<Listing> {
  const unlisted: string[] = []
  return { points: await vault.snapshots(run, (folder) => unlisted.push(folder)), unlisted }
}
