import type { Remark } from '../model/restore-point.ts'
import { remarksKept } from '../model/run-report.ts'

// A manifest is read whole, and refused where it is larger than mostManifestBytes.
const mostTextLength = 1024 * 1024

/** Gathers remarks for the manifest: the first ones, and how many there were; a million unreadable files must not fill it. */
export class RemarkList {
  readonly #kept: Remark[] = []
  #textLength = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  add(remark: Remark): void {
    this.#count += 1
    this.#textLength += remark.message.length + (remark.path?.length ?? 0)
    if (this.#kept.length < remarksKept && this.#textLength <= mostTextLength) this.#kept.push(remark)
  }

  /**
   * What the run has told, and of these what it has not; what does not fit is one last remark with its number.
   * The run may have gathered what we told it: each remark stands once.
   */
  joinedTo(told: readonly Remark[]): Remark[] {
    const keyOf = (remark: Remark): string => JSON.stringify([remark.code, remark.path, remark.message])
    const known = new Set(told.map(keyOf))
    const all = new RemarkList()
    for (const remark of told) all.add(remark)
    for (const remark of this.#kept) if (!known.has(keyOf(remark))) all.add(remark)
    const more = all.#count - all.#kept.length + this.#count - this.#kept.length
    return more === 0 ? all.#kept : [...all.#kept, { code: 'archive.more', message: `There were ${more} more, which the log of the run tells` }]
  }
}
