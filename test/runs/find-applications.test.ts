import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findApplications } from '../../src/runs/find-applications.ts'
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
  const options = { known: new Set([join(folder, 'srv/known')]), defaultPlace: join(folder, 'place'), parents: [join(folder, 'srv'), join(folder, 'none')], signal }
  const found = await findApplications({ ...options, env: { DOCKER_HOST: `unix://${podman.socket}` } })
  assert.deepEqual(found.toSorted((a, b) => a.name < b.name ? -1 : 1), [
    { root: join(folder, 'srv/blog'), preset: 'wordpress', name: 'blog', databases: ['blog'] },
    { root: join(folder, 'elsewhere/stack'), preset: 'compose', name: 'stack', databases: [] },
    { root: join(folder, 'srv/torn'), preset: 'wordpress', name: 'torn', databases: [] },
  ])
  assert.equal((await findApplications({ ...options, env: { DOCKER_HOST: join(folder, 'no-engine') } })).length, 2, 'an engine that is not there hides nothing else')
})
