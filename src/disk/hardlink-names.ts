type Inode = { readonly dev: bigint; readonly ino: bigint; readonly nlink: bigint }

/** Remembers the first name of files with several names, each until its last name was seen. */
export class HardlinkNames {
  readonly #seen = new Map<string, { readonly path: string; left: number }>()

  /** The first name that was given for this inode; undefined where this is it. */
  firstOf(inode: Inode, path: string): string | undefined {
    const key = `${inode.dev}:${inode.ino}`
    const seen = this.#seen.get(key)
    if (seen === undefined) {
      this.#seen.set(key, { path, left: Number(inode.nlink) - 1 })
      return undefined
    }
    seen.left -= 1
    if (seen.left === 0) this.#seen.delete(key)
    return seen.path
  }
}
