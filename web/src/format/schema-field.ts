import type { Json } from './json-value.ts'
import { isObject } from './json-value.ts'

/** What the forms read of a JSON schema (draft 2020-12), as the server gives that of holdfast.yaml. */
export type JsonSchema = {
  readonly type?: string
  readonly description?: string
  readonly default?: Json
  readonly const?: Json
  readonly enum?: readonly Json[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

export type FieldKind = 'text' | 'number' | 'switch' | 'choice' | 'choices' | 'lines' | 'list' | 'record' | 'group' | 'variants' | 'fixed'

/** By what kind of field a value of this schema is edited. */
export function fieldKind(schema: JsonSchema): FieldKind {
  if (variantsOf(schema).length > 0) return 'variants'
  if (schema.const !== undefined) return 'fixed'
  if (schema.enum !== undefined) return 'choice'
  if (schema.type === 'boolean') return 'switch'
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'array') return schema.items?.enum === undefined ? schema.items?.type === 'string' ? 'lines' : 'list' : 'choices'
  if (schema.type === 'object') return schema.properties === undefined ? 'record' : 'group'
  return 'text'
}

export function variantsOf({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] {
  return anyOf ?? oneOf ?? []
}

/** Whether a value is a secret, which may stand elsewhere than in the file. */
export function isSecret(schema: JsonSchema): boolean {
  const names = new Set(variantsOf(schema).map(variantName))
  return names.has('env') && names.has('text')
}

/** What a variant is called: its `type`, its only key, or what it is. */
export function variantName(schema: JsonSchema): string {
  const type = schema.properties?.['type']?.const
  if (typeof type === 'string') return type
  if (schema.const !== undefined) return String(schema.const)
  const [key, ...more] = Object.keys(schema.properties ?? {})
  if (key !== undefined) return more.length === 0 ? key : 'details'
  return schema.type === 'array' ? 'list' : 'text'
}

/** Which variant a value is of; 0 where it is none yet. */
export function variantOf(variants: readonly JsonSchema[], value: Json | undefined): number {
  const fits = variants.findIndex((schema) => {
    if (schema.const !== undefined) return value === schema.const
    if (isObject(value)) {
      const { properties } = schema
      if (properties === undefined) return false
      const type = properties['type']?.const
      return type === undefined ? Object.keys(value).every((key) => Object.hasOwn(properties, key)) : value['type'] === type
    }
    return Array.isArray(value) ? schema.type === 'array' : schema.type === typeof value
  })
  return Math.max(0, fits)
}

/** What a field of this schema begins with. */
export function emptyValue(schema: JsonSchema): Json {
  if (schema.const !== undefined) return schema.const
  switch (fieldKind(schema)) {
    case 'variants': return emptyValue(variantsOf(schema)[0] ?? {})
    case 'switch': return schema.default ?? false
    case 'number': return schema.default ?? schema.minimum ?? 0
    case 'choice': return schema.default ?? schema.enum?.[0] ?? ''
    case 'lines': case 'list': case 'choices': return []
    case 'record': return {}
    case 'group': return Object.fromEntries((schema.required ?? []).flatMap((key) => {
      const property = schema.properties?.[key]
      return property === undefined ? [] : [[key, emptyValue(property)] as const]
    }))
    default: return ''
  }
}
