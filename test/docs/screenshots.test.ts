import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const docs = join(import.meta.dirname, '../../docs')

test('every picture of the docs is shown by a page, and every one that a page shows is there', () => {
  const shown = globSync('**/*.md', { cwd: docs, exclude: ['**/node_modules/**'] }).flatMap((page) => [...readFileSync(join(docs, page), 'utf8').matchAll(/!\[[^\]]+\]\((?:\.\.\/)?screenshots\/([\w-]+\.png)\)/g)].map(([, name]) => name ?? ''))
  assert.ok(shown.length > 20)
  assert.deepEqual([...new Set(shown)].sort(), globSync('*.png', { cwd: join(docs, 'screenshots') }).sort())
})
