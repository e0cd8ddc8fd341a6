import type { GateResult } from '../../scripts/gate.ts'

/** What the points of a trial came to: counts by name, and the first failures in words. */
export class Tally {
  readonly #counts = new Map<string, number>()
  readonly #failures: string[] = []
  #failed = 0

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  fail(what: string): void {
    this.#failed++
    if (this.#failures.length < 10) this.#failures.push(what)
  }

  /** One point: what it throws is its failure. */
  async point(name: string, work: () => Promise<void>): Promise<void> {
    this.count('points')
    try {
      await work()
    } catch (error) {
      this.fail(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** `groups`: counts whose names begin so are told in one line. */
  result(groups: readonly string[] = []): GateResult {
    const figures: Record<string, string | number> = {}
    const inGroup = (name: string): boolean => groups.some((group) => name.startsWith(`${group}: `))
    for (const [name, count] of this.#counts) if (!inGroup(name)) figures[name] = count
    for (const group of groups) {
      const own = [...this.#counts].filter(([name]) => name.startsWith(`${group}: `)).map(([name, count]) => `${name.slice(group.length + 2)} ${count}`)
      figures[group] = own.sort().join(', ')
    }
    figures['failures'] = this.#failed
    if (this.#failed > 0) figures['first failures'] = this.#failures.join(' ¶ ')
    return { figures, ok: this.#failed === 0 && this.of('points') > 0 }
  }
}
