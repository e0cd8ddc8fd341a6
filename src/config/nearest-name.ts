/** The candidate that a mistyped name most likely means, or undefined where none is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const plain = simplify(name)
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(plain, simplify(candidate))
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  // One slip in three letters: `keap` is keep, `exculde` is exclude, but `hosts` is not host's neighbour `last`.
  return best !== undefined && best.distance <= Math.max(1, Math.floor(plain.length / 3)) ? best.candidate : undefined
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment). */
export function editDistance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      next.push(cost)
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}

function simplify(name: string): string {
  return name.slice(0, 100).toLowerCase().replace(/[-_. ]/g, '')
}
