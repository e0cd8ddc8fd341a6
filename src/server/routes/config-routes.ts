import { accessSync, constants, existsSync } from 'node:fs'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../config/config-schema.ts'
import { patchConfig, putConfig, readConfigText } from '../../config/edit-config.ts'
import { messageOf } from '../../kit/app-error.ts'
import type { ConfigText, TestPlace } from '../../model/api/settings.ts'
import { configPatchSchema, configPutSchema, testPlaceRequestSchema } from '../../model/api/settings.ts'
import { findApplications } from '../../runs/find-applications.ts'
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
      await patchConfig(await context.server.configuration.file(), etag, changes)
      await context.server.configuration.reload()
      return json(await configText(context.server))
    },
  },
  {
    method: 'PUT', path: '/api/config', access: 'admin', stepUp: true, audit: 'change settings', bodyBytes: 1_500_000,
    async handle(context) {
      const { etag, text } = await readJson(context, configPutSchema)
      await putConfig(await context.server.configuration.file(), etag, text)
      await context.server.configuration.reload()
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
    async handle({ server, signal }) {
      const known = new Set(server.apps().map(({ root }) => root))
      return json(await findApplications({ known, defaultPlace: server.setup.defaultPlace, env: process.env, signal }))
    },
  },
]

async function configText(server: RequestContext['server']): Promise<ConfigText> {
  const file = await server.configuration.file()
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
