import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }

const project = join(import.meta.dirname, '../..')
const pages = [...globSync('*.md', { cwd: project }), ...globSync('docs/**/*.md', { cwd: project })]

for (const page of pages) {
  test(`every link of ${page} leads to a file`, () => {
    const text = readFileSync(join(project, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!/^[a-z]+:/.test(target)) assert.ok(existsSync(join(project, dirname(page), target)), target)
    }
  })

  test(`every npm command in ${page} exists`, () => {
    const text = readFileSync(join(project, page), 'utf8')
    for (const [, name = ''] of text.matchAll(/npm run ([a-z-]+)/g)) assert.ok(name in packageJson.scripts, name)
  })
}

test('the README is seen', () => assert.ok(pages.includes('README.md') && pages.length > 5))
