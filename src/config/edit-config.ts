import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { isAlias, isNode, isScalar, Lexer, parseDocument, visit } from 'yaml'
import type { Document, Scalar } from 'yaml'
import { AppError, messageOf } from '../kit/app-error.ts'
import { configSchema } from './config-schema.ts'
import { thisPerson } from './default-paths.ts'
import { mapSecrets } from './map-secrets.ts'
import { parseConfig } from './parse-config.ts'
import { nodeAt } from './parse-yaml.ts'
import { namesSecret } from './secret-names.ts'
import { replaceFile } from './write-config.ts'

/** Stands in the text that is shown for a secret that stands in the file itself; written back, anywhere, it means that one. */
const marker = /\(unchanged secret [0-9a-f]{16}\)/g
/** Whoever sees two of them must not see whether the secrets are the same, nor try words against one. */
const markerKey = randomBytes(32)

export type ConfigChange = { readonly path: readonly (string | number)[]; readonly value: unknown }

/** A configuration's text as it may be shown: without the secrets that stand in it, in comments neither. `etag` is the fingerprint of the file itself. @throws AppError `config.invalid`. */
export async function readConfigText(file: string): Promise<{ text: string; etag: string }> {
  const text = await read(file)
  // What cannot be read cannot be searched for secrets.
  parseConfig(text, file, thisPerson().home)
  return { text: hiddenIn(text).text, etag: etagOf(text) }
}

/**
 * Changes values by their path; null removes. Comments and order of the rest stay. The new text is checked as a whole before
 * anything is written.
 *
 * @throws AppError `config.invalid` (with the place), `storage.exists` where the file has changed since the text of `etag` was read.
 */
export async function patchConfig(file: string, etag: string, changes: readonly ConfigChange[]): Promise<void> {
  await edit(file, etag, (before, secrets) => {
    const document = documentOf(before)
    for (const change of changes) applyChange(document, change)
    return withSecrets(document, secrets)
  })
}

/** Replaces the whole text. @throws AppError as patchConfig. */
export async function putConfig(file: string, etag: string, text: string): Promise<void> {
  await edit(file, etag, (_before, secrets) => {
    if (text.search(marker) === -1) return text
    const document = documentOf(text)
    return document.errors.length > 0 ? text : withSecrets(document, secrets)
  })
}

async function edit(file: string, etag: string, change: (before: string, secrets: ReadonlyMap<string, string>) => string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const before = await read(target)
  if (etagOf(before) !== etag) throw new AppError('storage.exists', `${file} was changed by somebody else meanwhile`, { hint: 'Load it again, and make the change once more.', retry: true })
  const after = change(before, hiddenIn(before).secrets)
  if (after.includes('(unchanged secret')) throw new AppError('config.invalid', 'A word that stands for a secret ("(unchanged secret …)") is not one of those that were shown', { hint: 'Load the settings again, as the server was started anew perhaps; or write the secret, better {file: PATH} or ${NAME}.' })
  parseConfig(after, file, thisPerson().home)
  if (after !== before) await replaceFile(target, before, after, {})
}

function documentOf(text: string): Document.Parsed {
  return parseDocument(text, { merge: true })
}

/** @throws AppError `config.invalid` where nothing can stand at that path. */
function applyChange(document: Document, { path, value }: ConfigChange): void {
  const name = path.join('.')
  for (let length = 1; length < path.length; length++) {
    const node = document.getIn(path.slice(0, length), true)
    if (isAlias(node)) throw shared(`${path.slice(0, length).join('.')} is written as "*${node.source}", and stands elsewhere`)
    if (isScalar(node) && node.value !== null) throw new AppError('config.invalid', `${name} cannot be set: ${path.slice(0, length).join('.')} is a single value`, { hint: 'Set that one, or change the text.' })
  }
  const anchors = anchorsIn(document.getIn(path, true))
  try {
    if (value === null) document.deleteIn(path)
    else document.setIn(path, document.createNode(value))
  } catch (cause) {
    throw new AppError('config.invalid', `${name} cannot be set: ${messageOf(cause)}`, { hint: 'Change the text.', cause })
  }
  visit(document, {
    Alias(_key, alias) {
      if (anchors.has(alias.source)) throw shared(`What stands at ${name} ("&${alias.source}") is used in other places too ("*${alias.source}")`)
    },
  })
}

function shared(what: string): AppError {
  return new AppError('config.invalid', what, { hint: 'Change the text, where you see both.' })
}

function anchorsIn(node: unknown): ReadonlySet<string> {
  const anchors = new Set<string>()
  if (isNode(node)) {
    visit(node, {
      Node(_key, { anchor }) {
        if (anchor !== undefined) anchors.add(anchor)
      },
    })
  }
  return anchors
}

/** The text without its secrets, and which secret each marker in it stands for. */
function hiddenIn(text: string): { readonly text: string; readonly secrets: ReadonlyMap<string, string> } {
  const document = documentOf(text)
  const secrets = new Map<string, string>()
  const hide = (secret: string, place: string): string => {
    const word = `(unchanged secret ${createHmac('sha256', markerKey).update(JSON.stringify([place, secret])).digest('hex').slice(0, 16)})`
    secrets.set(word, secret)
    return word
  }
  for (const { path, node } of literalSecrets(document)) {
    if (typeof node.value !== 'string' || secrets.has(node.value)) continue
    node.value = hide(node.value, path.join('.'))
    node.type = 'PLAIN'
  }
  const shown = secrets.size === 0 ? text : written(document)
  return { text: withoutCommented(shown, hide), secrets }
}

/** The text with the secrets that its markers stand for. @throws AppError `config.invalid` where it cannot be written. */
function withSecrets(document: Document, secrets: ReadonlyMap<string, string>): string {
  visit(document, {
    Scalar(_key, node) {
      const secret = typeof node.value === 'string' ? secrets.get(node.value) : undefined
      if (secret !== undefined) node.value = secret
    },
  })
  return mapComments(written(document), (comment) => comment.replaceAll(marker, (word) => secrets.get(word) ?? word))
}

function written(document: Document): string {
  try {
    return document.toString({ lineWidth: 0 })
  } catch (cause) {
    throw new AppError('config.invalid', `This cannot be written as YAML: ${messageOf(cause)}`, { hint: 'Is an alias ("*name") left whose anchor ("&name") is gone?', cause })
  }
}

/** In comments what stands after a key that names a secret: settings that were turned off. */
function withoutCommented(text: string, hide: (secret: string, place: string) => string): string {
  let count = 0
  return mapComments(text, (comment) => {
    for (const match of comment.matchAll(/([\w-]+)["']?\s*[:=]\s*/g)) {
      const begin = match.index + match[0].length
      const value = comment.slice(begin)
      if (!namesSecret(match[1] ?? '') || isReference(value)) continue
      count += 1
      return `${comment.slice(0, begin)}${hide(value, `comment ${count}`)}`
    }
    return comment
  })
}

/** It says where the secret is, and is none. */
function isReference(text: string): boolean {
  return text.replace(/\$\{\w+\}|^\{\s*(?:file|command)\s*:.*$/g, '').trim() === ''
}

/** Every comment of a text replaced, and all else as it stands. */
function mapComments(text: string, replace: (comment: string) => string): string {
  let isContent = false
  return [...new Lexer().lex(text)].map((lexeme) => {
    // Signs of the lexer's own, which stand for no text; the one before a scalar tells that it is no comment, however it begins.
    if (['\u0002', '\u0018', '\u001f'].includes(lexeme)) {
      isContent = lexeme === '\u001f'
      return ''
    }
    const mapped = !isContent && lexeme.startsWith('#') ? replace(lexeme) : lexeme
    isContent = false
    return mapped
  }).join('')
}

/** The scalars that hold secrets; of one that aliases lead to, each path. */
function literalSecrets(document: Document.Parsed): readonly { readonly path: readonly string[]; readonly node: Scalar }[] {
  const found: { readonly path: readonly string[]; readonly node: Scalar }[] = []
  mapSecrets(configSchema, document.toJS(), (secret, path) => {
    const node = typeof secret === 'string' && secret.replace(/\$\{\w+\}/g, '') !== '' ? nodeAt(document, path) : undefined
    if (isScalar(node)) found.push({ path, node })
    return secret
  })
  return found
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
