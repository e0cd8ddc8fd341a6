import { changesBetween, isObject, withValue } from './json-value.ts'
import type { Json, JsonObject } from './json-value.ts'

/** What somebody makes of a part of the configuration: what stood there when it began, and what it is to be. */
export type FormDraft = { readonly base: JsonObject | undefined; readonly value: JsonObject }

/** Something that was changed both here and in the file; `theirs` is what the file says now. */
export type Conflict = { readonly path: readonly string[]; readonly theirs: Json | undefined }

/**
 * A draft over what the file says now: what was changed here stays changed, everything else is as it stands there. `base` is what the
 * draft goes on from; it keeps what was there before at each conflict, so that it is told until it is settled.
 */
export function mergeDraft({ base, value }: FormDraft, saved: JsonObject | undefined): FormDraft & { readonly conflicts: readonly Conflict[] } {
  if (saved === undefined) return { base, value, conflicts: base === undefined ? [] : [{ path: [], theirs: undefined }] }
  const mine = changesBetween(base ?? {}, value, []).map(({ path, value: wanted }) => ({ path: path.map(String), wanted: wanted ?? undefined }))
  const conflicts = mine.flatMap(({ path, wanted }) => {
    const theirs = valueAt(saved, path)
    return isSame(theirs, valueAt(base, path)) || isSame(theirs, wanted) ? [] : [{ path, theirs }]
  })
  return {
    base: conflicts.reduce<JsonObject>((object, { path }) => withValueAt(object, path, valueAt(base, path)), saved),
    value: mine.reduce<JsonObject>((object, { path, wanted }) => withValueAt(object, path, wanted), saved),
    conflicts,
  }
}

/** The object with a value deep in it set, or taken out where that is undefined. */
export function withValueAt(object: JsonObject, path: readonly string[], value: Json | undefined): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return isObject(value) ? value : {}
  const inner = object[key]
  if (rest.length === 0) return withValue(object, key, value)
  return withValue(object, key, withValueAt(isObject(inner) ? inner : {}, rest, value))
}

function valueAt(object: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => isObject(inner) ? inner[key] : undefined, object)
}

function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return changesBetween(one, other, []).length === 0
}
