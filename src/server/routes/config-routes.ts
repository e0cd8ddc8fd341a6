import { accessSync, constants, existsSync } from 'node:fs'
import { mkdtemp, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../config/config-schema.ts'
import { patchConfig, putConfig, readConfigText } from '../../config/edit-config.ts'
import { messageOf } from '../../kit/app-error.ts'
import type { ConfigText, Discovery, TestPlace } from '../../model/api/settings.ts'
import { configPatchSchema, configPutSchema, testPlaceRequestSchema } from '../../model/api/settings.ts'
import { discoverFolder, findApplications } from '../../runs/find-applications.ts'
import { placeFacts } from '../../runs/place-facts.ts'
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
      const { place, roots } = await readJson(context, testPlaceRequestSchema)
      return json(await testPlace(context.server, place, roots))
    },
  },
  {
    method: 'GET', path: '/api/discover', access: 'admin',
    async handle({ server, query, signal }) {
      const apps = server.apps()
      const surroundings = { apps, config: server.setup.config, defaultPlace: server.setup.defaultPlace, probe: server.probe }
      const folder = query.get('folder')
      const applications = folder === null ? await findApplications({ ...surroundings, env: process.env, signal }) : [await discoverFolder(folder, surroundings)]
      const following = apps.filter(({ config }) => config.vaults === undefined).map(({ name, vaults }) => ({ app: name, vaults: vaults.map((vault) => ({ name: vault.name, place: vault.place })) }))
      return json({ applications: [...applications], following } satisfies Discovery)
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
async function testPlace(server: RequestContext['server'], place: string, roots: readonly string[]): Promise<TestPlace> {
  const refused = (text: string): TestPlace => ({ ok: false, text, places: [] })
  if (!place.startsWith('/')) return refused('Write the whole path, from / on.')
  if (!await server.probe.answers(place)) return refused(`${place} does not answer: its network mount or its disk hangs.`)
  if (!existsSync(place)) return refused(`There is no folder ${place}. Make it, or mount the disk that it lies on.`)
  try {
    if (!(await stat(place)).isDirectory()) return refused(`${place} is no folder.`)
    const folder = await mkdtemp(join(place, '.holdfast-test-'))
    try {
      await writeFile(join(folder, 'test'), 'test')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { bavail, bsize } = await statfs(place)
    const real = await Promise.all(roots.map(async (root) => await realpath(root).catch(() => root)))
    const others = [...server.apps().map(({ root }) => root), ...real]
    const places = await Promise.all(real.map(async (root) => await placeFacts({ name: root, place }, { root, roots: others, defaultPlace: place, probe: server.probe })))
    const problem = places.find((facts) => facts.problem !== undefined)?.problem
    return problem === undefined ? { ok: true, text: 'It can be written to.', freeBytes: bavail * bsize, places } : refused(problem)
  } catch (error) {
    return refused(messageOf(error))
  }
}
