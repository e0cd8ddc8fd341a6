import { posix } from 'node:path'
import type { Document, Node } from 'yaml'
import { isAlias, isMap, isScalar, parseDocument } from 'yaml'
import { AppError } from '../../kit/app-error.ts'
import type { ApplicationFolder } from './application-folder.ts'

/** A value of the configuration, with the file that it stands in: names of further files are relative to that. */
type Value = { readonly node: unknown; readonly document: Document.Parsed; readonly file: string }

const configFile = 'configuration.yaml'
// Deeper than any configuration; a file may include itself.
const deepest = 20

/**
 * `recorder: db_url` of Home Assistant's configuration, wherever it stands: in the file itself, in files that it includes, in packages, in
 * secrets. Undefined where there is none. home-assistant.io/docs/configuration (splitting, packages, secrets).
 *
 * @throws AppError `source.unreadable` where it is there and cannot be found out.
 */
export function recorderUrl(folder: ApplicationFolder): string | undefined {
  const text = folder.read(configFile)
  if (text === undefined) return undefined
  const whole = entries(folder, parsed(configFile, text))
  const packages = whole.filter(([key]) => key === 'homeassistant').flatMap(([, value]) => entries(folder, value)).filter(([key]) => key === 'packages')
  const inPackages = packages.flatMap(([, value]) => entries(folder, value)).flatMap(([, value]) => entries(folder, value))
  for (const [key, recorder] of [...whole, ...inPackages]) {
    // `recorder second:` is one, too.
    if (key.split(' ')[0] !== 'recorder') continue
    for (const [name, url] of entries(folder, recorder)) if (name === 'db_url') return plainText(folder, url)
  }
  return undefined
}

/** The members of a mapping, of files and folders that are included in its place too. */
function entries(folder: ApplicationFolder, value: Value, depth = 0): readonly (readonly [string, Value])[] {
  const { node, document, file } = followed(folder, value, depth)
  if (isScalar(node) && node.tag?.startsWith('!include_dir_') === true) return fromFolder(folder, { node, document, file }, depth)
  if (isScalar(node) && node.tag?.startsWith('!') === true) throw notUnderstood(file, `${node.tag} ${String(node.value)}`)
  if (!isMap(node)) return []
  return node.items.flatMap(({ key, value: member }) => {
    const found = { node: member, document, file }
    const name = isScalar(key) ? String(key.value) : ''
    return name === '<<' ? entries(folder, found, depth + 1) : [[name, found] as const]
  })
}

/** `!include_dir_named` makes a member of each file, `!include_dir_merge_named` takes the members of all. */
function fromFolder(folder: ApplicationFolder, { node, file }: Value, depth: number): readonly (readonly [string, Value])[] {
  const { tag, value } = isScalar(node) ? node : {}
  if (tag !== '!include_dir_named' && tag !== '!include_dir_merge_named') throw notUnderstood(file, `${tag ?? ''} ${String(value)}`)
  return yamlFiles(folder, pathBelow(folder, file, String(value)), file).flatMap((path) => {
    const found = included(folder, path, file)
    return tag === '!include_dir_named' ? [[posix.basename(path, '.yaml'), found] as const] : entries(folder, found, depth + 1)
  })
}

function yamlFiles(folder: ApplicationFolder, path: string, file: string, depth = 0): readonly string[] {
  if (depth > deepest) throw notUnderstood(file, path)
  return folder.list(path).filter((name) => !name.startsWith('.') && name !== 'secrets.yaml').flatMap((name) => {
    const below = `${path}/${name}`
    return name.endsWith('.yaml') && folder.list(below).length === 0 ? [below] : yamlFiles(folder, below, file, depth + 1)
  })
}

/** What an anchor or `!include FILE` leads to. */
function followed(folder: ApplicationFolder, value: Value, depth: number): Value {
  const { node, document, file } = value
  if (depth > deepest) throw notUnderstood(file, 'what it includes')
  if (isAlias(node)) return followed(folder, { node: node.resolve(document), document, file }, depth + 1)
  if (!isScalar(node) || node.tag !== '!include') return value
  return followed(folder, included(folder, pathBelow(folder, file, String(node.value)), file), depth + 1)
}

function included(folder: ApplicationFolder, path: string, by: string): Value {
  const text = folder.read(path)
  if (text === undefined) throw notUnderstood(by, path)
  return parsed(path, text)
}

/** A text that says nothing of a recorder, nor leads on, need not be understood. */
function parsed(file: string, text: string): Value {
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false })
  if (document.errors.length > 0 && /recorder|db_url|packages|!include/.test(text)) throw notUnderstood(file, document.errors[0]?.message.split('\n')[0] ?? '')
  return { node: document.contents as Node | null, document, file }
}

function plainText(folder: ApplicationFolder, value: Value): string | undefined {
  const { node, file } = followed(folder, value, 0)
  if (isScalar(node) && node.value === null && node.tag?.startsWith('!') !== true) return undefined
  if (isScalar(node) && typeof node.value === 'string') {
    if (node.tag === '!secret') return secret(folder, file, node.value)
    if (node.tag?.startsWith('!') !== true) return node.value
  }
  throw notUnderstood(file, 'db_url')
}

/** From the secrets.yaml beside the file, or of a folder above it. */
function secret(folder: ApplicationFolder, file: string, name: string): string {
  for (let below = posix.dirname(file); ; below = posix.dirname(below)) {
    const path = posix.join(below, 'secrets.yaml')
    const found: unknown = parseDocument(folder.read(path) ?? '', { logLevel: 'silent', uniqueKeys: false }).get(name)
    if (typeof found === 'string') return found
    if (below === '.' || below === '/' || below.startsWith('..')) throw notUnderstood(file, `!secret ${name}`)
  }
}

/** Relative to the root, for which the container's name is `/config`. */
function pathBelow(folder: ApplicationFolder, file: string, path: string): string {
  if (path === '/config' || path.startsWith('/config/')) return posix.join('.', path.slice('/config'.length))
  return path.startsWith('/') ? posix.relative(folder.root, path) : posix.join(posix.dirname(file), path)
}

function notUnderstood(file: string, what: string): AppError {
  return new AppError('source.unreadable', `Whether the recorder has a database of its own (db_url) cannot be read from ${file}: ${what}`, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]; databases: [] for none but SQLite).' })
}
