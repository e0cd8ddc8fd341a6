import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { isPair, isSeq, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import { AppError, messageOf } from '../kit/app-error.ts'
import { configSchema } from './config-schema.ts'
import { thisPerson } from './default-paths.ts'
import { mapSecrets } from './map-secrets.ts'
import { parseConfig } from './parse-config.ts'
import { replaceFile } from './write-config.ts'

/** Stands in the text that is shown for a secret that stands in the file itself; written back it means the one that is there. */
const hidden = '(unchanged secret)'

export type ConfigChange = { readonly path: readonly (string | number)[]; readonly value: unknown }

/** A configuration's text as it may be shown: without the secrets that stand in it. `etag` is the fingerprint of the file itself. @throws AppError `config.invalid`. */
export async function readConfigText(file: string): Promise<{ text: string; etag: string }> {
  const text = await read(file)
  // What cannot be read cannot be searched for secrets.
  parseConfig(text, file, thisPerson().home)
  const document = parseDocument(text)
  const secrets = literalSecrets(document)
  for (const path of secrets) document.setIn(path, hidden)
  return { text: secrets.length === 0 ? text : document.toString({ lineWidth: 0 }), etag: etagOf(text) }
}

/**
 * Changes values by their path; null removes. Comments and order of the rest stay. The new text is checked as a whole before
 * anything is written.
 *
 * @throws AppError `config.invalid` (with the place), `storage.exists` where the file has changed since the text of `etag` was read.
 */
export async function patchConfig(file: string, etag: string, changes: readonly ConfigChange[]): Promise<void> {
  await edit(file, etag, (before) => {
    const document = parseDocument(before)
    for (const { path, value } of changes) {
      if (value === null) document.deleteIn(path)
      else document.setIn(path, document.createNode(value))
    }
    restoreHidden(document, parseDocument(before))
    return document.toString({ lineWidth: 0 })
  })
}

/** Replaces the whole text. @throws AppError as patchConfig. */
export async function putConfig(file: string, etag: string, text: string): Promise<void> {
  await edit(file, etag, (before) => {
    if (!text.includes(hidden)) return text
    const document = parseDocument(text)
    if (document.errors.length > 0) return text
    restoreHidden(document, parseDocument(before))
    return document.toString({ lineWidth: 0 })
  })
}

async function edit(file: string, etag: string, change: (before: string) => string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const before = await read(target)
  if (etagOf(before) !== etag) throw new AppError('storage.exists', `${file} was changed by somebody else meanwhile`, { hint: 'Load it again, and make the change once more.', retry: true })
  const after = change(before)
  if (after.includes(hidden)) throw new AppError('config.invalid', `"${hidden}" stands where no secret was before`, { hint: 'Write the secret, or better {file: PATH} or ${NAME}.' })
  parseConfig(after, file, thisPerson().home)
  if (after !== before) await replaceFile(target, before, after, {})
}

/** Puts the secrets back that were not shown. */
function restoreHidden(document: Document, before: Document): void {
  const places: (string | number)[][] = []
  visit(document, {
    Scalar(_key, node, ancestors) {
      if (node.value === hidden) places.push(pathOf(node, ancestors))
    },
  })
  for (const path of places) {
    const known = before.getIn(path)
    if (typeof known === 'string') document.setIn(path, known)
  }
}

/** The keys and numbers that lead to a node. */
function pathOf(node: unknown, ancestors: readonly unknown[]): (string | number)[] {
  const path: (string | number)[] = []
  const chain = [...ancestors, node]
  for (let index = 0; index < chain.length - 1; index++) {
    const parent = chain[index]
    const child = chain[index + 1]
    if (isSeq(parent)) path.push(parent.items.indexOf(child))
    else if (isPair(child)) path.push(String(child.key))
  }
  return path
}

function literalSecrets(document: Document): readonly (readonly (string | number)[])[] {
  const found: (readonly (string | number)[])[] = []
  mapSecrets(configSchema, document.toJS(), (secret, path) => {
    if (typeof secret === 'string' && secret.replace(/\$\{\w+\}/g, '') !== '') found.push(indexed(document, path))
    return secret
  })
  return found
}

/** People count items from 1; documents from 0. */
function indexed(document: Document, path: readonly string[]): readonly (string | number)[] {
  const steps: (string | number)[] = []
  for (const part of path) steps.push(isSeq(document.getIn(steps)) ? Number(part) - 1 : part)
  return steps
}

function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new AppError('config.missing', `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
