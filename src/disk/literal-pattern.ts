/** A path as a pattern that means nothing else. */
export function literalPattern(path: string): string {
  return path.replaceAll(/[\\*?[\]!]/g, '\\$&')
}
