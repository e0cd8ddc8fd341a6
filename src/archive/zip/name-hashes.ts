import { FloatList } from './float-list.ts'

/** Finds names that may stand in an archive twice, with eight bytes a name. */
export class NameHashes {
  readonly #hashes = new FloatList()

  /** 53 bits of two FNV-1a hashes. */
  static of(name: string): number {
    let low = 0x811c_9dc5
    let high = 0x1234_5678
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i)
      low = Math.imul(low ^ code, 0x0100_0193)
      high = Math.imul(high ^ code, 0x0100_01b5)
    }
    return (high >>> 11) * 2 ** 32 + (low >>> 0)
  }

  add(name: string): void {
    this.#hashes.push(NameHashes.of(name))
  }

  /** Hashes that came more than once: of equal names, and rarely of others. */
  repeated(): ReadonlySet<number> {
    const sorted = this.#hashes.values().slice().sort()
    return new Set(sorted.filter((hash, index) => hash === sorted[index + 1]))
  }
}
