import { z } from 'zod'
import { nearestName } from './nearest-name.ts'
import { keysOf, literalsOf, schemaAt, stepInto } from './schema-at.ts'
import type { Place } from './schema-at.ts'
import { namesSecret } from './secret-names.ts'

/** One thing that is wrong with a configuration's values: where, and in a sentence. Never the value of a secret. */
export type Explanation = {
  readonly path: readonly PropertyKey[]
  readonly at: 'key' | 'value'
  readonly message: string
  readonly hideValue?: boolean
  /** The key below `path` that is missing. */
  readonly missing?: string
  /** The key beside an unknown one that was probably meant. */
  readonly meant?: string
}

type Issue = z.core.$ZodIssue

/** What is wrong with a value, in words. A key that is only mistyped is not told as missing as well. */
export function explainIssues(issues: readonly Issue[], schema: z.ZodType, root: unknown): readonly Explanation[] {
  const all = issues.flatMap((issue) => explainIssue(issue, schema, root))
  const meant = new Set(all.flatMap((explanation) => explanation.meant === undefined ? [] : [JSON.stringify([...explanation.path.slice(0, -1), explanation.meant])]))
  return all.filter((explanation) => explanation.missing === undefined || !meant.has(JSON.stringify([...explanation.path, explanation.missing])))
}

/** Says in words what a schema found wrong with a value; one issue may be several things (two unknown keys). */
function explainIssue(issue: Issue, schema: z.ZodType, root: unknown): readonly Explanation[] {
  const { path } = issue
  const { place, value } = schemaAt(schema, root, path)
  const name = path.length === 0 ? 'the file' : `"${shortPath(path)}"`
  const wrong = (message: string): readonly Explanation[] => [{ path, at: 'value', message: `${name} ${message}` }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, keysOf(place)))
    case 'invalid_type':
      return value === undefined ? missing(path) : wrong(mustBe([issue.expected], value))
    case 'invalid_value':
      return wrong(notOneOf(issue.values.map(String), value, place.secret))
    case 'invalid_format':
      return wrong(`must be ${issue.message}`)
    case 'too_small':
      return wrong(issue.origin === 'string' || issue.origin === 'array' ? 'must not be empty' : `must be ${String(issue.minimum)} or more`)
    case 'too_big':
      return wrong(`must be ${String(issue.maximum)} or less`)
    case 'invalid_key':
      return [{ path, at: 'key', message: `${shownKey(path.at(-1) ?? '')} must be ${issue.issues[0]?.message ?? 'another name'}` }]
    case 'invalid_union':
      return explainUnion(issue, place, value, schema, root)
    default:
      return wrong(issue.message)
  }
}

function explainUnion(issue: z.core.$ZodIssueInvalidUnion, place: Place, value: unknown, schema: z.ZodType, root: unknown): readonly Explanation[] {
  const { path, discriminator } = issue
  if (discriminator !== undefined && issue.errors.length === 0) {
    // Zod's path of this issue already ends with the discriminator.
    const owner = path.at(-1) === discriminator ? path.slice(0, -1) : path
    const { place: ownerPlace, value: ownerValue } = schemaAt(schema, root, owner)
    const types = literalsOf(stepInto(ownerPlace, discriminator, undefined))
    const given = schemaAt(schema, root, [...owner, discriminator]).value
    if (given === undefined && isRecord(ownerValue)) return [{ path: owner, at: 'key', message: `"${discriminator}" is missing in "${shortPath(owner)}": one of ${types.join(', ')}` }]
    if (isRecord(ownerValue)) return [{ path: [...owner, discriminator], at: 'value', message: `"${shortPath([...owner, discriminator])}" ${notOneOf(types, given, false)}` }]
    return [{ path: owner, at: 'value', message: `"${shortPath(owner)}" ${mustBe(['object'], ownerValue)}` }]
  }
  if (value === undefined) return missing(path)
  if (isRecord(value)) {
    const known = keysOf(place)
    const unknown = Object.keys(value).filter((key) => !known.includes(key))
    if (unknown.length > 0 && known.length > 0) return unknown.map((key) => unknownKey(path, key, known))
  }
  const fitting = issue.errors.filter((errors) => !errors.some(isOtherType))
  const [nearest] = fitting.toSorted((a, b) => a.length - b.length)
  if (nearest !== undefined && fitting.length === 1) return nearest.flatMap((error) => explainIssue({ ...error, path: [...path, ...error.path] }, schema, root))
  const name = `"${shortPath(path)}"`
  if (fitting.length > 1) return [{ path, at: 'value', message: `${name} must have one of the keys ${keysOf(place).join(', ')}` }]
  const expected = place.secret ? ['string', 'secret'] : issue.errors.flatMap((errors) => errors.filter(isOtherType).flatMap((error) => error.code === 'invalid_type' ? [error.expected] : error.code === 'invalid_value' ? error.values.map(String) : []))
  return [{ path, at: 'value', message: `${name} ${mustBe(expected, value)}` }]
}

/** The value as a whole is none of this kind, so this branch of a union was not meant. */
function isOtherType(error: Issue): boolean {
  return error.path.length === 0 && (error.code === 'invalid_type' || error.code === 'invalid_value')
}

function missing(path: readonly PropertyKey[]): readonly Explanation[] {
  const owner = path.slice(0, -1)
  const key = String(path.at(-1))
  return [{ path: owner, at: 'key', missing: key, message: `"${key}" is missing in ${owner.length > 0 ? `"${shortPath(owner)}"` : 'the file'}` }]
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): Explanation {
  const near = nearestName(key, known)
  const help = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`
  return { path: [...path, key], at: 'key', ...(near === undefined ? {} : { meant: near }), message: `${shownKey(key)} is not known ${path.length === 0 ? 'at the top of the file' : `in "${shortPath(path)}"`}; ${help}`, hideValue: true }
}

function notOneOf(values: readonly string[], given: unknown, secret: boolean): string {
  const shown = secret || !(typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean') ? '' : `, not ${JSON.stringify(given).slice(0, 60)}`
  const near = typeof given === 'string' && !secret ? nearestName(given, values) : undefined
  return `must be ${values.length === 1 ? values.join('') : `one of ${values.join(', ')}`}${shown}${near === undefined || values.length === 1 ? '' : `; did you mean "${near}"?`}`
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list', object: 'keys with values', record: 'keys with values',
  secret: '{env: …}, {file: …} or {command: …}',
}

function mustBe(expected: readonly string[], given: unknown): string {
  const wanted = [...new Set(expected.map((type) => typeWords[type] ?? type))].join(' or ')
  const quotes = expected.includes('string') && (typeof given === 'number' || typeof given === 'boolean') ? '; put it in quotes' : ''
  return `must be ${wanted}, ${given === null ? 'but has no value' : `not ${typeWord(given)}`}${quotes}`
}

function typeWord(given: unknown): string {
  if (Array.isArray(given)) return 'a list'
  if (typeof given === 'number') return Number.isInteger(given) ? 'a whole number' : 'a number with a fraction'
  return typeWords[typeof given] ?? typeof given
}

function shortPath(path: readonly PropertyKey[]): string {
  return path.map((step, index) => typeof step === 'number' ? `[${step + 1}]` : `${index === 0 ? '' : '.'}${plainKey(step)}`).join('')
}

function shownKey(key: PropertyKey): string {
  return JSON.stringify(plainKey(key))
}

/** `password:secret` and `password secret` are keys to YAML: what follows the name is not shown. */
function plainKey(key: PropertyKey): string {
  const plain = String(key).slice(0, 64).replace(/[:=].*/s, '…')
  const [name = '', rest] = plain.split(/\s/, 2)
  return rest !== undefined && namesSecret(name) ? `${name} …` : plain
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
