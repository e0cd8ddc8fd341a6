import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { Config } from '../../src/config/config-schema.ts'
import { recoveredSection } from '../../src/config/recovered-section.ts'

const config = (text: string): Config => parseConfig(text, '/etc/holdfast/holdfast.yaml', '/root')
const nas = 'nas: {type: archive, place: /mnt/nas}'
const usb = 'usb: {type: archive, place: /mnt/usb}'

test('an application of the same file joins the one that came back first', () => {
  const joined = recoveredSection(config(`{apps: {shop: {root: /srv/shop}}, vaults: {${nas}}}`), config(`{apps: {blog: {root: /srv/blog}}, vaults: {${nas}}}`), 'blog')
  assert.deepEqual([joined?.name, joined?.app.root, joined?.app.vaults, joined?.vaults], ['blog', '/srv/blog', ['nas'], {}])
  assert.deepEqual(recoveredSection(config('{apps: {shop: {root: /srv/shop}}, place: /mnt/a}'), config('{apps: {blog: {root: /srv/blog}}, place: /mnt/a}'), 'blog')?.vaults, {})
})

test('a missing vault is added where no other application would begin to save to it', () => {
  const blog = config(`{apps: {blog: {root: /srv/blog, vaults: [usb]}}, vaults: {${usb}}}`)
  assert.deepEqual(Object.keys(recoveredSection(config(`{apps: {shop: {root: /srv/shop, vaults: [nas]}}, vaults: {${nas}}}`), blog, 'blog')?.vaults ?? {}), ['usb'])
  assert.equal(recoveredSection(config(`{apps: {shop: {root: /srv/shop}}, vaults: {${nas}}}`), blog, 'blog'), undefined)
})

test('another destination under the same name, or another place, does not fit', () => {
  const there = config(`{apps: {shop: {root: /srv/shop}}, vaults: {${nas}}}`)
  assert.equal(recoveredSection(there, config('{apps: {blog: {root: /srv/blog}}, vaults: {nas: {type: archive, place: /mnt/other}}}'), 'blog'), undefined)
  assert.equal(recoveredSection(there, config('{apps: {blog: {root: /srv/blog}}, place: /mnt/a}'), 'blog'), undefined)
  assert.equal(recoveredSection(config('{apps: {shop: {root: /srv/shop}}, place: /mnt/b}'), config('{apps: {blog: {root: /srv/blog}}, place: /mnt/a}'), 'blog'), undefined)
})
