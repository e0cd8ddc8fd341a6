import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configJsonSchema, configPage } from '../../scripts/config-page.ts'

const project = join(import.meta.dirname, '../..')

test('docs/reference/config.md is what "npm run reference" writes now', () => {
  assert.equal(readFileSync(join(project, 'docs/reference/config.md'), 'utf8'), configPage())
})

test('schema/holdfast.schema.json is what "npm run reference" writes now', () => {
  assert.equal(readFileSync(join(project, 'schema/holdfast.schema.json'), 'utf8'), configJsonSchema())
})

test('the page tells every key of an application', () => {
  for (const key of ['root', 'keep', 'hooks', 'databases', 'password', 'maxSize', 'skipTables', 'live-before']) assert.match(configPage(), new RegExp(`^\\| \`${key}\` \\|`, 'm'))
})
