import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configSchema } from '../../src/config/config-schema.ts'
import { discoverFolder, findApplications } from '../../src/runs/find-applications.ts'
import { Podman } from '../fixtures/podman.ts'

const { signal } = new AbortController()

test('applications are found by what lies in their folders, and stacks by their containers', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hf-find-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const make = (path: string, files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, name, '..'), { recursive: true })
      writeFileSync(join(folder, path, name), text)
    }
  }
  make('srv/blog', { 'wp-config.php': "<?php\ndefine('DB_NAME', 'blog');\ndefine('DB_USER', 'u');\ndefine('DB_PASSWORD', 'p');\ndefine('DB_HOST', 'localhost');\n", 'wp-includes/version.php': '<?php', 'wp-content/a': '' })
  make('srv/torn', { 'wp-config.php': "<?php\ndefine('DB_NAME', name_of_today());\n", 'wp-includes/version.php': '<?php', 'wp-content/a': '' })
  make('srv/known', { 'compose.yaml': 'services: {}\n' })
  make('srv/pictures', { 'a.jpg': 'a' })
  make('elsewhere/stack', { 'compose.yaml': 'services: {}\n' })
  symlinkSync(join(folder, 'srv/blog'), join(folder, 'srv/again'))
  await using podman = await Podman.start()
  await podman.create('web', { isStopped: true, labels: { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'web', 'com.docker.compose.project.working_dir': join(folder, 'elsewhere/stack') } })
  const probe = { answers: async () => await Promise.resolve(true) }
  const options = { apps: [{ name: 'known', root: join(folder, 'srv/known') }], config: undefined, probe, defaultPlace: join(folder, 'place'), parents: [join(folder, 'srv'), join(folder, 'none')], signal }
  const found = await findApplications({ ...options, env: { DOCKER_HOST: `unix://${podman.socket}` } })
  assert.deepEqual(found.map(({ root, preset, name, databases }) => ({ root, preset, name, databases })).toSorted((a, b) => a.name < b.name ? -1 : 1), [
    { root: join(folder, 'srv/blog'), preset: 'wordpress', name: 'blog', databases: ['blog'] },
    { root: join(folder, 'elsewhere/stack'), preset: 'compose', name: 'stack', databases: [] },
    { root: join(folder, 'srv/torn'), preset: 'wordpress', name: 'torn', databases: [] },
  ])
  assert.equal((await findApplications({ ...options, env: { DOCKER_HOST: join(folder, 'no-engine') } })).length, 2, 'an engine that is not there hides nothing else')
})

test('of an application that could be added it is told where its backups would lie, and what destroys both', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hf-find-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['shop/notes', 'shop/backups', 'other', 'wiki']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'file'), '')
  const apps = [{ name: 'shop', root: join(folder, 'shop') }, { name: 'wiki', root: join(folder, 'wiki') }]
  const config = configSchema.parse({
    apps: { shop: { root: join(folder, 'shop') }, wiki: { root: join(folder, 'wiki') } },
    vaults: { near: { type: 'archive', place: join(folder, 'shop/backups') }, far: { type: 'archive', place: join(folder, 'not/mounted') }, own: { type: 'archive', place: join(folder, 'other/backups') }, hung: { type: 'archive', place: '/hung' } },
  })
  const surroundings = { apps, config, defaultPlace: join(folder, 'place'), probe: { answers: async (path: string) => await Promise.resolve(path !== '/hung') } }
  const { places, overlaps } = await discoverFolder(join(folder, 'other'), surroundings)
  assert.deepEqual(places.map(({ freeBytes, ...facts }) => ({ ...facts, isFreeKnown: freeBytes !== undefined })), [
    { name: 'near', place: join(folder, 'shop/backups'), disk: 'same', inside: join(folder, 'shop'), isFreeKnown: true },
    { name: 'far', place: join(folder, 'not/mounted'), disk: 'unknown', problem: `There is no folder ${join(folder, 'not/mounted')}, and none that it could be made in: is its disk mounted?`, isFreeKnown: false },
    { name: 'own', place: join(folder, 'other/backups'), disk: 'same', inside: join(folder, 'other'), isFreeKnown: true },
    { name: 'hung', place: '/hung', disk: 'unknown', problem: '/hung does not answer: its network mount or its disk hangs.', isFreeKnown: false },
  ])
  assert.deepEqual(overlaps, [])
  assert.deepEqual((await discoverFolder(join(folder, 'shop/notes'), surroundings)).overlaps, [{ app: 'shop', root: join(folder, 'shop'), is: 'above' }])
  assert.deepEqual((await discoverFolder(folder, surroundings)).overlaps.map(({ app, is }) => `${app} ${is}`), ['shop below', 'wiki below'])
  for (const [path, code] of [['nowhere', 'source.missing'], ['file', 'source.missing'], ['file/below', 'source.missing'], ['shop', 'usage']] as const) await assert.rejects(discoverFolder(join(folder, path), surroundings), { code }, path)
  await assert.rejects(discoverFolder('here', surroundings), { code: 'usage' })
  await assert.rejects(discoverFolder('/hung', surroundings), { code: 'vault.silent' })
})
