import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { Config } from '../../src/config/config-schema.ts'
import { recoveredSection as sectionOf } from '../../src/config/recovered-section.ts'

const config = (text: string): Config => parseConfig(text, '/etc/holdfast/holdfast.yaml', '/root')
const recoveredSection = (there: Config, recovered: Config, name: string): ReturnType<typeof sectionOf> => sectionOf(there, recovered, name, '/var/backups/holdfast')
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

test('the same place under the same name does not fit where archives there would be plain, packed otherwise or called otherwise', () => {
  const encrypted = '{type: archive, place: /mnt/nas, password: {env: NAS_PASSWORD}}'
  const plain = '{type: archive, place: /mnt/nas}'
  const section = (there: string, recovered: string): unknown => recoveredSection(config(`{apps: {shop: {root: /srv/shop}}, vaults: {nas: ${there}}}`), config(`{apps: {blog: {root: /srv/blog}}, vaults: {nas: ${recovered}}}`), 'blog')
  assert.notEqual(section(encrypted, '{type: archive, place: /mnt/nas, password: {file: /root/other}}'), undefined)
  for (const other of [encrypted, '{type: archive, place: /mnt/nas, format: tar.gz}', '{type: archive, place: /mnt/nas, reach: cloud}']) {
    assert.equal(section(plain, other), undefined, other)
    assert.equal(section(other, plain), undefined, other)
  }
})

test('an application that went to the usual place does not join a configuration that would save it elsewhere', () => {
  const blog = config('{apps: {blog: {root: /srv/blog}}}')
  const shop = 'apps: {shop: {root: /srv/shop}}'
  assert.equal(recoveredSection(config(`{${shop}, vaults: {${nas}}}`), blog, 'blog'), undefined)
  assert.equal(recoveredSection(config(`{${shop}, place: /mnt/b}`), blog, 'blog'), undefined)
  assert.equal(recoveredSection(config(`{${shop}}`), config('{apps: {blog: {root: /srv/blog}}, place: /mnt/b}'), 'blog'), undefined)
  for (const there of [`{${shop}}`, `{${shop}, place: /var/backups/holdfast}`]) assert.equal(recoveredSection(config(there), blog, 'blog')?.name, 'blog', there)
})
