/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export type ConfigChange = { readonly path: readonly (string | number)[]; readonly value: Json }

/**
 * What must be changed in the document at `path` to make `after` out of `before`: as deep as it goes, so that comments and the order
 * of what stays are not touched. What is gone is `null`; lists are replaced as wholes.
 */
export function changesBetween(before: Json | undefined, after: Json | undefined, path: readonly (string | number)[]): readonly ConfigChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (after === undefined || isObject(after) && Object.keys(after).length === 0 && before !== undefined) return [{ path, value: null }]
  if (!isObject(before) || !isObject(after)) return [{ path, value: after }]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => changesBetween(before[key], after[key], [...path, key]))
}

/** The object with one value set, or without it where that is undefined. */
export function withValue(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const { [key]: _, ...rest } = object
  if (value === undefined) return rest
  return { ...object, [key]: value }
}
