/** A long trial whose figures stand in docs/gates.md; each lies in a file of its own in test/gates/ and exports one as `gate`. */
export type Gate = {
  readonly name: string
  /** `full`: every point; else a sample chosen by the seed, short enough for `npm test`. */
  run(options: { readonly full: boolean; readonly seed: number }): Promise<GateResult>
}

export type GateResult = { readonly figures: Record<string, string | number>; readonly ok: boolean }
