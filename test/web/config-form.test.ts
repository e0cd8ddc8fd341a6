import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { configSchema } from '../../src/config/config-schema.ts'
import { addApplications } from '../../web/src/format/add-applications.ts'
import { otherPlace } from '../../web/src/format/other-place.ts'
import { changesBetween } from '../../web/src/format/json-value.ts'
import type { Json } from '../../web/src/format/json-value.ts'
import { emptyValue, fieldKind, isSecret, variantName, variantOf, variantsOf } from '../../web/src/format/schema-field.ts'
import type { JsonSchema } from '../../web/src/format/schema-field.ts'
import { en } from '../../web/src/i18n/en.ts'

// What the server gives for the forms.
const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema

function partOf(...path: readonly string[]): JsonSchema {
  return path.reduce<JsonSchema>((part, key) => {
    const next = key === '*' ? part.additionalProperties : part.properties?.[key]
    assert.equal(typeof next, 'object', path.join('.'))
    return typeof next === 'object' ? next : {}
  }, schema)
}

test('each setting of an application gets a field of its kind', () => {
  const kinds = Object.fromEntries(Object.entries(partOf('apps', '*').properties ?? {}).map(([name, property]) => [name, fieldKind(property)]))
  assert.deepEqual({ root: kinds['root'], keep: kinds['keep'], vaults: kinds['vaults'], schedule: kinds['schedule'], parts: kinds['parts'], databases: kinds['databases'], format: kinds['format'], oneFileSystem: kinds['oneFileSystem'] }, {
    root: 'text', keep: 'group', vaults: 'lines', schedule: 'variants', parts: 'record', databases: 'list', format: 'choice', oneFileSystem: 'switch',
  })
})

test('the variants of a schedule, a secret and a notifier have names, and a value finds its own', () => {
  const schedule = variantsOf(partOf('apps', '*', 'schedule'))
  assert.deepEqual(schedule.map(variantName), ['text', 'details'])
  assert.equal(variantOf(schedule, 'daily'), 0)
  assert.equal(variantOf(schedule, { cron: 'daily', timezone: 'Europe/Rome' }), 1)
  const secret = variantsOf(partOf('apps', '*', 'password'))
  assert.deepEqual(secret.map(variantName), ['text', 'env', 'file', 'command'])
  assert.equal(variantOf(secret, { file: '/etc/secret' }), 2)
  const notifiers = variantsOf(partOf('notify', '*'))
  assert.ok(notifiers.map(variantName).includes('ntfy'))
  assert.equal(variantName(notifiers[variantOf(notifiers, { type: 'webhook', url: 'https://example.org' })] ?? {}), 'webhook')
})

test('every part of the schema has a field, however deep', () => {
  let seen = 0
  const walk = (part: JsonSchema): void => {
    seen++
    assert.notEqual(fieldKind(part), undefined)
    emptyValue(part)
    for (const child of [...Object.values(part.properties ?? {}), ...variantsOf(part), ...(part.items === undefined ? [] : [part.items]), ...(typeof part.additionalProperties === 'object' ? [part.additionalProperties] : [])]) walk(child)
  }
  walk(schema)
  assert.ok(seen > 150, `only ${seen} parts were seen`)
})

test('only what differs is changed, as deep as it lies', () => {
  const before: Json = { root: '/a', keep: { daily: 7, weekly: 4 }, vaults: ['x', 'y'], expect: { every: '1d' } }
  const after: Json = { root: '/a', keep: { daily: 9 }, vaults: ['x'], expect: { every: '1d' }, format: 'zip' }
  assert.deepEqual(changesBetween(before, after, ['apps', 'erp']), [
    { path: ['apps', 'erp', 'keep', 'daily'], value: 9 },
    { path: ['apps', 'erp', 'keep', 'weekly'], value: null },
    { path: ['apps', 'erp', 'vaults'], value: ['x'] },
    { path: ['apps', 'erp', 'format'], value: 'zip' },
  ])
  assert.deepEqual(changesBetween(before, before, []), [])
})

test('what is emptied is taken out, what is new is written as a whole', () => {
  assert.deepEqual(changesBetween({ keep: { daily: 1 } }, { keep: {} }, []), [{ path: ['keep'], value: null }])
  assert.deepEqual(changesBetween(undefined, { type: 'ntfy' }, ['notify', 'phone']), [{ path: ['notify', 'phone'], value: { type: 'ntfy' } }])
  assert.deepEqual(changesBetween('daily', { cron: 'daily' }, ['schedule']), [{ path: ['schedule'], value: { cron: 'daily' } }])
})

test('found applications are added under names of their own, with a folder of one\'s own', () => {
  const changes = addApplications({ found: [{ name: 'erp', root: '/var/www/erp' }, { name: 'erp', root: '/srv/erp' }], ownFolder: '/srv/My app!/', isDaily: true, taken: ['erp', 'other'] })
  assert.deepEqual(changes.map(({ path }) => path), [['apps', 'erp-2'], ['apps', 'erp-3'], ['apps', 'My-app-']], 'one that is configured is never replaced')
  const names = changes.map(({ path }) => path[1])
  const parsed = configSchema.safeParse({ apps: Object.fromEntries(changes.map(({ value }, index) => [names[index], value])) })
  assert.ok(parsed.success, JSON.stringify(parsed.error?.issues))
})

test('another place for what is added moves nothing that is there', () => {
  assert.deepEqual(otherPlace('/mnt/disk', [], []), { changes: [{ path: ['place'], value: '/mnt/disk' }] })
  const following = [{ app: 'shop', vaults: [{ name: 'default', place: '/var/backups' }] }, { app: 'iot', vaults: [{ name: 'default', place: '/srv/iot/backups' }] }, { app: 'blog', vaults: [{ name: 'default', place: '/var/backups' }] }]
  const first = otherPlace('/mnt/disk', [], following)
  assert.deepEqual(first, {
    changes: [
      { path: ['vaults', 'default'], value: { type: 'archive', place: '/var/backups' } },
      { path: ['vaults', 'default-2'], value: { type: 'archive', place: '/srv/iot/backups' } },
      { path: ['vaults', 'disk'], value: { type: 'archive', place: '/mnt/disk' } },
      { path: ['apps', 'shop', 'vaults'], value: ['default'] },
      { path: ['apps', 'iot', 'vaults'], value: ['default-2'] },
      { path: ['apps', 'blog', 'vaults'], value: ['default'] },
    ],
    vault: 'disk',
  })
  assert.equal(otherPlace('/var/backups', [], following).vault, 'default', 'one folder is one vault')
  const more = otherPlace('/mnt/nas', [{ name: 'nas', place: '/other/nas' }], [{ app: 'shop', vaults: [{ name: 'nas', place: '/other/nas' }] }])
  assert.deepEqual(more, { changes: [{ path: ['vaults', 'nas-2'], value: { type: 'archive', place: '/mnt/nas' } }, { path: ['apps', 'shop', 'vaults'], value: ['nas'] }], vault: 'nas-2' })
  assert.deepEqual(otherPlace('/other/nas', [{ name: 'nas', place: '/other/nas' }], following), { changes: [], vault: 'nas' })
})

test('every key, variant and choice of the schema has a name in the page', () => {
  const missing = new Set<string>()
  // Formats and methods are names themselves, as they stand in the file.
  const isName = (value: string): boolean => /^(?:zip|tar\.\w+|GET|POST|PUT|\w+\/[\w-]+)$/.test(value)
  const walk = (part: JsonSchema): void => {
    for (const variant of variantsOf(part)) if (!(`variant.${variantName(variant)}` in en)) missing.add(`variant.${variantName(variant)}`)
    for (const value of part.enum ?? []) if (!isName(String(value)) && !(`choice.${String(value)}` in en)) missing.add(`choice.${String(value)}`)
    for (const key of Object.keys(part.properties ?? {})) if (!(`config.${key}` in en)) missing.add(`config.${key}`)
    for (const child of [...Object.values(part.properties ?? {}), ...variantsOf(part), ...(part.items === undefined ? [] : [part.items]), ...(typeof part.additionalProperties === 'object' ? [part.additionalProperties] : [])]) walk(child)
  }
  walk(schema)
  assert.deepEqual([...missing], [])
})

test('what may hold a secret in clear is covered as one', () => {
  assert.ok(isSecret(partOf('apps', '*', 'password')))
  assert.ok(!isSecret(partOf('apps', '*', 'schedule')))
})
