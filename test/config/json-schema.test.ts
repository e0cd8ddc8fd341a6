import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/parse-config.ts'

const project = join(import.meta.dirname, '../..')
const schema: object = JSON.parse(readFileSync(join(project, 'schema/holdfast.schema.json'), 'utf8'))
const accepts = new Ajv2020({ allErrors: true, formats: { uri: (text: string) => URL.canParse(text) } }).compile(schema)
const oneApp = 'apps: {demo: {root: /srv/demo}}\n'

/** The examples of a whole configuration, or of a part of it, in our pages. */
function examples(): readonly { readonly page: string; readonly text: string }[] {
  return globSync(['README.md', 'docs/**/*.md'], { cwd: project }).sort().flatMap((page) =>
    [...readFileSync(join(project, page), 'utf8').matchAll(/^```yaml\n((?:apps|vaults|server|notify|mqtt|place):[^]*?)^```$/gm)].map(([, text = '']) => ({ page, text: /^apps:/m.test(text) ? text : oneApp + text })))
}

function isAcceptedByHoldfast(text: string): boolean {
  try {
    parseConfig(text, '/etc/holdfast/holdfast.yaml', '/home/ann')
    return true
  } catch {
    return false
  }
}

test('an editor that uses the JSON schema accepts every example of our pages, as Holdfast does', () => {
  assert.ok(examples().length >= 10)
  for (const { page, text } of examples()) {
    assert.ok(accepts(parse(text, { merge: true })), `${page}: ${JSON.stringify(accepts.errors)}\n${text}`)
    parseConfig(text, '/etc/holdfast/holdfast.yaml', '/home/ann')
  }
})

test('the JSON schema marks, at its place, what Holdfast refuses', () => {
  const refused = [
    { text: 'apps: {demo: {}}', at: '/apps/demo' },
    { text: 'apps: {demo: {root: /srv/demo, exlude: [/tmp]}}', at: '/apps/demo' },
    { text: 'apps: {demo: {root: /srv/demo, format: rar}}', at: '/apps/demo/format' },
    { text: 'apps: {demo: {root: /srv/demo, keep: {last: -1}}}', at: '/apps/demo/keep/last' },
    { text: 'apps: {demo: {root: /srv/demo, databases: [{type: sqlite}]}}', at: '/apps/demo/databases/0' },
    { text: 'apps: {demo: {root: /srv/demo, hooks: {before: [{command: x}]}}}', at: '/apps/demo/hooks' },
    { text: `${oneApp}places: /x`, at: '' },
    { text: `${oneApp}mqtt: {url: 5}`, at: '/mqtt/url' },
    { text: `${oneApp}notify: {admin: {type: pigeon}}`, at: '/notify/admin' },
  ]
  for (const { text, at } of refused) {
    assert.equal(isAcceptedByHoldfast(text), false, text)
    assert.equal(accepts(parse(text)), false, text)
    assert.ok(accepts.errors?.some(({ instancePath }) => instancePath.startsWith(at)), `${text}: ${JSON.stringify(accepts.errors)}`)
  }
})
