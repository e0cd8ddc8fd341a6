import { z } from 'zod'

/** What a schema allows at a place: the schemas that may hold there, wrappers and unions taken apart. */
export type Place = {
  readonly options: readonly z.ZodType[]
  /** True where a secret stands, or below one. */
  readonly secret: boolean
}

/** Takes wrappers and unions of a schema apart; of a union of objects only those stay whose literals fit the value. */
export function placeOf(schema: z.ZodType, value: unknown, secret = false): Place {
  const isSecret = secret || schema.meta()?.['secret'] === true
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable) {
    const inner = schema.unwrap()
    return inner instanceof z.ZodType ? placeOf(inner, value, isSecret) : { options: [], secret: isSecret }
  }
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.filter((option) => option instanceof z.ZodType)
    const fitting = options.filter((option) => literalsFit(option, value))
    const places = (fitting.length > 0 ? fitting : options).map((option) => placeOf(option, value, isSecret))
    return { options: places.flatMap((place) => place.options), secret: isSecret || places.some((place) => place.secret) }
  }
  return { options: [schema], secret: isSecret }
}

/** The place one step below: a key of an object or record, or an index of a list. */
export function stepInto(place: Place, step: PropertyKey, value: unknown): Place {
  const places = place.options.flatMap((schema) => {
    const child = childOf(schema, step)
    return child instanceof z.ZodType ? [placeOf(child, value, place.secret)] : []
  })
  return { options: places.flatMap(({ options }) => options), secret: place.secret || places.some(({ secret }) => secret) }
}

/** The place at a path from the root, and the value there. */
export function schemaAt(root: z.ZodType, rootValue: unknown, path: readonly PropertyKey[]): { readonly place: Place; readonly value: unknown } {
  let value = rootValue
  let place = placeOf(root, value)
  for (const step of path) {
    value = valueAt(value, step)
    place = stepInto(place, step, value)
  }
  return { place, value }
}

/** The keys that objects at this place may have. */
export function keysOf(place: Place): readonly string[] {
  return [...new Set(place.options.flatMap((schema) => schema instanceof z.ZodObject ? Object.keys(schema.shape) : []))]
}

/** The literal values that a key may have in the objects at this place: the names after `type`. */
export function literalsOf(place: Place): readonly string[] {
  return place.options.flatMap((schema) => schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum ? [...literalValues(schema)] : [])
}

/** The value one step below a value that nobody has checked yet. */
export function valueAt(value: unknown, step: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined
}

function childOf(schema: z.ZodType, step: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return typeof step === 'string' && Object.hasOwn(schema.shape, step) ? Reflect.get(schema.shape, step) : undefined
  if (schema instanceof z.ZodRecord) return schema.valueType
  if (schema instanceof z.ZodArray) return schema.element
  return undefined
}

function literalsFit(schema: z.ZodType, value: unknown): boolean {
  if (!(schema instanceof z.ZodObject)) return false
  const literals = Object.entries(schema.shape).filter(([, child]) => child instanceof z.ZodLiteral)
  return literals.length > 0 && literals.every(([key, child]) => child instanceof z.ZodLiteral && literalValues(child).includes(String(valueAt(value, key))))
}

function literalValues(schema: z.ZodLiteral | z.ZodEnum): readonly string[] {
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : schema.options.map(String)
}
