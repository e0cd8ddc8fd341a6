import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { composeProjects } from '../../../src/sources/containers/compose-projects.ts'

test('a project is named as compose names it: by .env, else by the file, else by the folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-projects-'))
  const root = join(folder, '_My Stäck.2')
  try {
    for (const [path, text] of [
      ['compose.yaml', 'services: {web: {image: x}}\n'],
      ['named/docker-compose.yml', 'name: chosen\nservices: {}\n'],
      ['env/compose.yml', 'name: chosen\n'], ['env/.env', 'OTHER=1\nCOMPOSE_PROJECT_NAME="by-env" # so\n'],
      ['computed/compose.yaml', 'name: ${STACK:-x}\n'],
      ['broken/compose.yaml', 'services: [\n'],
      ['none/other.yaml', 'name: none\n'],
      ['deep/er/compose.yaml', 'name: deeper\n'],
    ] as const) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    assert.deepEqual(composeProjects(root).map(({ name, hasServices }) => [name, hasServices]).sort(), [['broken', false], ['by-env', false], ['chosen', false], ['mystck2', true]])
    assert.deepEqual(composeProjects(join(folder, 'nothing')), [])
  } finally {
    await rm(folder, { recursive: true })
  }
})
