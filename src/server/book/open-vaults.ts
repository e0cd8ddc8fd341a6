import { existsSync } from 'node:fs'
import { AppError } from '../../kit/app-error.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import type { Application } from '../../runs/application.ts'
import type { Setup } from '../../runs/setup.ts'

export type OpenVault = { readonly name: string; readonly place: string; readonly vault: Vault | AppError }

/** `unlisted`: folders that may not be read; with them the points are not all. */
type Listing = { readonly points: readonly Snapshot[]; readonly unlisted: readonly string[] }

/**
 * The vaults of applications, opened once and kept; one that could not be opened is tried again each time. Applications that
 * keep their points at one place share its vault, and what lies there is listed once for all of them, until it is forgotten.
 */
export class OpenVaults {
  readonly #setup: Setup
  readonly #open = new Map<string, Vault>()
  readonly #lists = new Map<Vault, Promise<Listing>>()

  constructor(setup: Setup) {
    this.#setup = setup
  }

  async of(app: Application): Promise<readonly OpenVault[]> {
    return await Promise.all(app.vaults.map(async (plan): Promise<OpenVault> => {
      const key = JSON.stringify([plan.place, plan.password])
      // A disk that was unmounted since: its mount point must not be taken for an empty vault.
      if (!existsSync(plan.place)) return { name: plan.name, place: plan.place, vault: new AppError('vault.missing', `There is no folder ${plan.place}`, { hint: 'It is made by the first backup, or its disk is not mounted.' }) }
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

  /** What lies in a vault, of all applications. @throws what listing it does. */
  async list(vault: Vault, run: Run): Promise<Listing> {
    const known = this.#lists.get(vault)
    if (known !== undefined) return await known
    const listing = listed(vault, run)
    this.#lists.set(vault, listing)
    // What failed is tried again by whoever asks next.
    listing.catch(() => this.#lists.delete(vault))
    return await listing
  }

  /** The next to ask sees what lies there then. Without vaults: all is forgotten. */
  forget(vaults: readonly OpenVault[] | undefined): void {
    if (vaults === undefined) this.#lists.clear()
    else for (const { vault } of vaults) if (!(vault instanceof AppError)) this.#lists.delete(vault)
  }
}

async function listed(vault: Vault, run: Run): Promise<Listing> {
  const unlisted: string[] = []
  return { points: await vault.snapshots(run, (folder) => unlisted.push(folder)), unlisted }
}
