import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../config/config-schema.ts'
import { patchConfig, putConfig, readConfigText } from '../../config/edit-config.ts'
import { messageOf } from '../../kit/app-error.ts'
import type { ConfigText, Discovered, TestPlace } from '../../model/api/settings.ts'
import { configPatchSchema, configPutSchema, testPlaceRequestSchema } from '../../model/api/settings.ts'
import { applicationAt } from '../../runs/application.ts'
import { detectPreset } from '../../sources/presets/detect-preset.ts'
import { json, readJson } from '../http/answers.ts'
import type { RequestContext, Route } from '../http/route.ts'

/** holdfast.yaml as a form and as a text. Its hooks run as the server does: only admins, with their password given again. */
export const configRoutes: readonly Route[] = [
  {
    method: 'GET', path: '/api/config', access: 'admin',
    async handle({ server }) {
      return json(await configText(server))
    },
  },
  { method: 'GET', path: '/api/config/schema', access: 'admin', handle: () => json(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })) },
  {
    method: 'PATCH', path: '/api/config', access: 'admin', stepUp: true, audit: 'change settings',
    async handle(context) {
      const { etag, changes } = await readJson(context, configPatchSchema)
      context.note.target = changes.map(({ path }) => path.join('.')).join(', ').slice(0, 200)
      await patchConfig(await context.server.configFile(), etag, changes)
      await context.server.reload()
      return json(await configText(context.server))
    },
  },
  {
    method: 'PUT', path: '/api/config', access: 'admin', stepUp: true, audit: 'change settings', bodyBytes: 1_500_000,
    async handle(context) {
      const { etag, text } = await readJson(context, configPutSchema)
      await putConfig(await context.server.configFile(), etag, text)
      await context.server.reload()
      return json(await configText(context.server))
    },
  },
  {
    method: 'POST', path: '/api/config/test-place', access: 'admin', audit: 'test a place',
    async handle(context) {
      const { place } = await readJson(context, testPlaceRequestSchema)
      return json(await testPlace(place))
    },
  },
  {
    method: 'GET', path: '/api/discover', access: 'admin',
    handle({ server }) {
      return json(discover(server))
    },
  },
]

async function configText(server: RequestContext['server']): Promise<ConfigText> {
  const file = await server.configFile()
  return { file, ...await readConfigText(file), writable: isWritable(file) }
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Writes a file there and removes it. */
async function testPlace(place: string): Promise<TestPlace> {
  if (!place.startsWith('/')) return { ok: false, text: 'Write the whole path, from / on.' }
  if (!existsSync(place)) return { ok: false, text: `There is no folder ${place}. Make it, or mount the disk that it lies on.` }
  try {
    const folder = await mkdtemp(join(place, '.holdfast-test-'))
    try {
      await writeFile(join(folder, 'test'), 'test')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { bavail, bsize } = await statfs(place)
    return { ok: true, text: 'It can be written to.', freeBytes: bavail * bsize }
  } catch (error) {
    return { ok: false, text: messageOf(error) }
  }
}

/** Where applications usually lie. Only the names of folders are looked at, and small files that tell what they are. */
const parents = ['/var/www', '/var/www/html', '/srv', '/opt', '/home', '/root', '/usr/share']
const mostFound = 50

function discover(server: RequestContext['server']): readonly Discovered[] {
  const known = new Set(server.apps().map(({ root }) => root))
  const homes = childrenOf('/home')
  const candidates = new Set([...parents.flatMap((parent) => [parent, ...childrenOf(parent)]), ...homes.flatMap(childrenOf)])
  const found: Discovered[] = []
  for (const root of candidates) {
    if (known.has(root) || found.length >= mostFound) continue
    try {
      const preset = detectPreset(root)
      if (preset.name === 'generic') continue
      const app = applicationAt(root, undefined, server.setup.defaultPlace)
      found.push({ root: app.root, preset: preset.name, name: app.name, databases: [] })
    } catch {
      // What cannot be read is not found.
    }
  }
  return found
}

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => join(folder, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
  } catch {
    return []
  }
}
