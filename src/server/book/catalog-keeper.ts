import type { Catalog } from '../../catalog/catalog.ts'
import type { ExpectedRun } from '../../model/expected-run.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { Application } from '../../runs/application.ts'
import { listJournals, readJournal } from '../../runs/interrupted-runs.ts'
import type { Setup } from '../../runs/setup.ts'

const expectedShownMs = 32 * 24 * 3600 * 1000
const nothing: readonly ExpectedRun[] = []

/** Keeps the catalog as vaults and journals are, for lists and for who asks after a restart, and what is expected at hand. */
export class CatalogKeeper {
  readonly #catalog: Catalog
  readonly #setup: () => Setup
  readonly #signal: AbortSignal
  readonly #expected = new Map<string, readonly ExpectedRun[]>()
  /** Whose runs this process has written down. */
  readonly #filled = new Set<string>()
  #isNew: boolean

  /** `isNew`: the catalog was just made, so that all journals are read into it. */
  constructor(catalog: Catalog, setup: () => Setup, isNew: boolean, signal: AbortSignal) {
    this.#catalog = catalog
    this.#setup = setup
    this.#isNew = isNew
    this.#signal = signal
  }

  /** Of the last month. */
  expected(app: string): readonly ExpectedRun[] {
    return this.#expected.get(app) ?? nothing
  }

  async readExpected(app: string): Promise<void> {
    this.#expected.set(app, await this.#catalog.expected.list(app, new Date(Date.now() - expectedShownMs)))
  }

  /** Writes down what a look has found. */
  async note(app: string, lists: ReadonlyMap<string, readonly Snapshot[]>, runs: readonly RunReport[]): Promise<void> {
    for (const [vault, snapshots] of lists) await this.#catalog.points.replace(vault, new Map([[app, snapshots.filter((point) => point.app === app)]]), new Date())
    if (this.#filled.has(app)) return
    await this.#catalog.runs.put(runs)
    if (this.#isNew) await this.#readJournals(app)
    this.#filled.add(app)
  }

  /** All applications were looked at: what belongs to others goes, and the catalog is no new one any more. */
  async settle(apps: readonly Application[]): Promise<void> {
    await this.#catalog.points.keepOnly(new Map(apps.map(({ name, vaults }) => [name, vaults.map((vault) => vault.name)])))
    await this.#catalog.markFilled()
    this.#isNew = false
  }

  /** All runs whose journals are kept; one after the other, as there may be a thousand. */
  async #readJournals(app: string): Promise<void> {
    for (const path of await listJournals(await this.#setup().state(app))) {
      if (this.#signal.aborted) return
      const found = await readJournal(path)
      if (found?.report.outcome !== undefined) await this.#catalog.runs.put([found.report])
    }
  }
}
