import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { errorPage } from '../../scripts/error-page.ts'
import { errorCodes } from '../../src/kit/error-codes.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8')

test('every error code has its anchor and exit status in docs/reference/errors.md', () => {
  for (const [code, status] of Object.entries(errorCodes)) {
    const section = page.split('## ').find((text) => text.includes(`<a id="${code}"></a>`))
    assert.match(section ?? '', new RegExp(`Exit status ${status}\\.`), code)
  }
})

test('docs/reference/errors.md is what "npm run reference" writes now', () => {
  assert.equal(page, errorPage())
})
