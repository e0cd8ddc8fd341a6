import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

test('every test that docs/compare.md names is there, in the file that it names', () => {
  const page = readFileSync(join(projectFolder, 'docs/compare.md'), 'utf8')
  const files = [...page.matchAll(/\b(test\/[\w./-]+\.test\.ts)/g)].map(([, file = '']) => file)
  assert.ok(files.length > 40)
  assert.deepEqual(files.filter((file) => !existsSync(join(projectFolder, file))), [])
  const missing: string[] = []
  for (const [, names = '', file = ''] of page.matchAll(/((?:`[^`]+`(?:, )?)+) \((test\/[\w./-]+\.test\.ts)\)/g)) {
    const text = readFileSync(join(projectFolder, file), 'utf8')
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) if (!text.includes(name)) missing.push(`${file}: ${name}`)
  }
  assert.deepEqual(missing, [])
})

test('every page that a page of the documentation links to is there', () => {
  const broken: string[] = []
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/design.md', 'docs/compare.md', ...['openstamanager', 'openstamanager.it', 'jeedom', 'jeedom.fr', 'iotstack'].map((name) => `docs/switch/${name}.md`), ...['import', 'iotstack-cron', 'schedule', 'touch', 'write-a-preset'].map((name) => `docs/how-to/${name}.md`)]) {
    const text = readFileSync(join(projectFolder, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      if (!existsSync(join(projectFolder, page, '..', target))) broken.push(`${page}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})
