/** What only running the file could tell. */
export const computed = Symbol('computed')

/** A literal value of PHP; `undefined` where nothing was set. Arrays are maps, as in PHP. */
export type PhpValue = string | number | boolean | null | undefined | typeof computed | ReadonlyMap<string, PhpValue>

/** A value deeper in an array: undefined where something on the way is not there, `computed` where it is not known. */
export function phpValueAt(value: PhpValue, ...keys: readonly string[]): PhpValue {
  return keys.reduce<PhpValue>((found, key) => (found instanceof Map ? found.get(key) : found === computed ? computed : undefined), value)
}

/** The array with one element set, `computed` where it is not known what that makes of it; an array is never changed, for a copy of it may be elsewhere. */
export function withElement(array: PhpValue, [key, ...deeper]: readonly (string | undefined)[], value: PhpValue): PhpValue {
  if (key === undefined) return computed
  if (array !== undefined && array !== null && !(array instanceof Map)) return computed
  const made = new Map<string, PhpValue>(array)
  made.set(key, deeper.length === 0 ? value : withElement(made.get(key), deeper, value))
  return made
}

/** The key that a value is in an array; undefined where that is not known. */
export function keyOf(value: PhpValue): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
