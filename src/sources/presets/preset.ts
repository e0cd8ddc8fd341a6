/** What Holdfast knows of a kind of application. Data and a few pure functions; docs/design.md tells how they are used. */
export interface Preset {
  readonly name: string
  /** Whether this folder holds such an application; `names` are the names in its root. */
  detect(names: ReadonlySet<string>): boolean
  /** Anchored patterns of what must never be saved, beside the user's own. */
  readonly exclude: readonly string[]
  /** Named parts that a partial restore point may leave out. */
  readonly parts: Readonly<Record<string, readonly string[]>>
  /** Where the first database's dump lies in a restore point; further ones go to `databases/`. */
  readonly dumpName: string
}
