import type { WriteProblem } from '../model/entry-writer.ts'

const maxListedPerCode = 100

/** Collects what could not be kept: a bounded list for each code, and the count of all. */
export class WriteProblems {
  readonly #listed: WriteProblem[] = []
  readonly #counts = new Map<string, number>()

  add(path: string, code: string, message: string): void {
    const count = (this.#counts.get(code) ?? 0) + 1
    this.#counts.set(code, count)
    if (count <= maxListedPerCode) this.#listed.push({ path, code, message })
  }

  /** The list; a code with more than fit ends with one line (path `.`) that gives their number. */
  all(): readonly WriteProblem[] {
    const more = [...this.#counts].filter(([, count]) => count > maxListedPerCode)
    return [...this.#listed, ...more.map(([code, count]) => ({ path: '.', code, message: `${count - maxListedPerCode} more of this kind` }))]
  }
}
