import { z } from 'zod'
import { placeOf, stepInto } from './schema-at.ts'
import type { Place } from './schema-at.ts'
import { namesSecret } from './secret-names.ts'

/**
 * A copy of a value in which each secret has been replaced: whatever stands where the schema has a secret, and what
 * stands under a key that the schema does not know and whose name says that it is one. Everything else is copied.
 */
export function mapSecrets(schema: z.ZodType, value: unknown, replace: (secret: unknown, path: readonly string[]) => unknown): unknown {
  return mapAt(placeOf(schema, value), value, [], replace)
}

function mapAt(place: Place, value: unknown, path: readonly string[], replace: (secret: unknown, path: readonly string[]) => unknown): unknown {
  if (value !== undefined && (place.secret || (place.options.length === 0 && namesSecret(path.at(-1) ?? '')))) return replace(value, path)
  if (Array.isArray(value)) return value.map((item: unknown, index) => mapAt(stepInto(place, index, item), item, [...path, String(index + 1)], replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, mapAt(stepInto(place, key, item), item, [...path, key], replace)]))
}
