import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiPage } from '../../scripts/api-page.ts'
import { cliPage } from '../../scripts/cli-page.ts'
import { program } from '../../src/cli/program.ts'
import { routes } from '../../src/server/routes/routes.ts'

const folder = join(import.meta.dirname, '../../docs/reference')

test('docs/reference/cli.md is what "npm run reference" writes now, and tells every command', () => {
  const page = readFileSync(join(folder, 'cli.md'), 'utf8')
  assert.equal(page, cliPage())
  for (const command of program().commands) assert.match(page, new RegExp(`^## holdfast ${command.name()}$`, 'm'))
})

test('docs/reference/api.md is what "npm run reference" writes now, and tells every route', async () => {
  const page = readFileSync(join(folder, 'api.md'), 'utf8')
  assert.equal(page, await apiPage())
  for (const { method, path } of routes) assert.ok(page.includes(`\`${method} ${path}\``), `${method} ${path}`)
})
