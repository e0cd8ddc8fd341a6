type Inode = { readonly dev: bigint; readonly ino: bigint }

/** A set of inodes in a few bits each: file systems number new files nearly without gaps, so it is a map of small bit fields. */
export class InodeSet {
  readonly #pages = new Map<bigint, Map<bigint, Uint32Array>>()

  add({ dev, ino }: Inode): void {
    const ofDevice = this.#pages.get(dev) ?? new Map<bigint, Uint32Array>()
    this.#pages.set(dev, ofDevice)
    const page = ofDevice.get(ino >> 10n) ?? new Uint32Array(32)
    ofDevice.set(ino >> 10n, page)
    const { word, bit } = place(ino)
    page[word] = (page[word] ?? 0) | bit
  }

  has({ dev, ino }: Inode): boolean {
    const { word, bit } = place(ino)
    return ((this.#pages.get(dev)?.get(ino >> 10n)?.[word] ?? 0) & bit) !== 0
  }

  delete({ dev, ino }: Inode): void {
    const page = this.#pages.get(dev)?.get(ino >> 10n)
    const { word, bit } = place(ino)
    if (page !== undefined) page[word] = (page[word] ?? 0) & ~bit
  }
}

function place(ino: bigint): { word: number; bit: number } {
  const low = Number(ino & 1023n)
  return { word: low >> 5, bit: 1 << (low & 31) }
}
