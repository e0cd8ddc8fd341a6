import { existsSync } from 'node:fs'
import { AppError } from '../../kit/app-error.ts'
import type { Vault } from '../../model/vault.ts'
import type { Application } from '../../runs/application.ts'
import type { Setup } from '../../runs/setup.ts'

export type OpenVault = { readonly name: string; readonly place: string; readonly vault: Vault | AppError }

/** The vaults of applications, opened once and kept; one that could not be opened is tried again each time. */
export class OpenVaults {
  readonly #setup: Setup
  readonly #open = new Map<string, Vault>()

  constructor(setup: Setup) {
    this.#setup = setup
  }

  async of(app: Application): Promise<readonly OpenVault[]> {
    return await Promise.all(app.vaults.map(async (plan): Promise<OpenVault> => {
      const key = JSON.stringify([app.name, plan.name, plan.place])
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
}
