import type { AppError } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import { FloatList } from './float-list.ts'

/** Where members lie, 16 bytes each, to refuse archives whose members share bytes: so a small one can hold petabytes. */
export class MemberSpans {
  readonly #directoryStart: number
  readonly #starts = new FloatList()
  readonly #ends = new FloatList()
  #sorted = new Float64Array(0)

  constructor(directoryStart: number) {
    this.#directoryStart = directoryStart
  }

  /** `leastEnd`: it ends there or, with extra fields, later. */
  add(start: number, leastEnd: number): void {
    this.#starts.push(start)
    this.#ends.push(leastEnd)
  }

  /** Once, after the last one. @throws AppError `archive.damaged` for members that overlap. */
  check(): void {
    const starts = this.#starts.values()
    const ends = this.#ends.values()
    this.#sorted = starts.slice().sort()
    for (const [index, start] of starts.entries()) {
      if ((ends[index] ?? 0) > this.end(start)) throw overlap()
    }
    for (const [index, start] of this.#sorted.entries()) if (start === this.#sorted[index + 1]) throw overlap()
  }

  /** How far the member that starts there may reach: to the next one or the directory. */
  end(start: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] ?? 0) > start) high = middle
      else low = middle + 1
    }
    return Math.min(this.#sorted[low] ?? this.#directoryStart, this.#directoryStart)
  }
}

export function overlap(): AppError {
  return damaged('members of it overlap')
}
