import { encodeName } from './name-codec.ts'

const ascii = /^\p{ASCII}*$/u

/** Orders names of one folder by their bytes, as every walk here does. For paths compare part by part. */
export function compareNames(a: string, b: string): number {
  if (ascii.test(a) && ascii.test(b)) return a < b ? -1 : a > b ? 1 : 0
  return Buffer.compare(encodeName(a), encodeName(b))
}

/** Sorts names of one folder by their bytes, in place. */
export function sortNames(names: string[]): string[] {
  // The default order is by UTF-16 units: the same as by bytes where all is ASCII, and much faster.
  return names.every((name) => ascii.test(name)) ? names.sort() : names.sort(compareNames)
}
