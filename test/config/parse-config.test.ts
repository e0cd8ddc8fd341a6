import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AppError } from '../../src/kit/app-error.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { Config } from '../../src/config/config-schema.ts'

const block = (line: string): string => `apps:\n  demo:\n    root: /x\n    ${line}\n`
const flow = (line: string): string => `apps:\n  demo: {root: /x, ${line}, colour: red}\n`

function parse(text: string): Config {
  return parseConfig(text, '/etc/holdfast/holdfast.yaml', '/home/ann')
}

test('the least configuration gets its defaults', () => {
  const { apps } = parse('apps: {demo: {root: /srv/demo}}')
  assert.deepEqual(apps['demo'], {
    root: '/srv/demo', include: [], exclude: [], oneFileSystem: false, cacheDirTag: true, parts: {}, kind: 'dated', scope: 'full', keep: {}, hooks: {}, expect: {}, verify: 'always', allowForeign: true,
  })
})

test('relative paths count from the file and ~ is the home folder', () => {
  const config = parse(`
place: ~/backups
state: ../state
apps:
  demo:
    root: ~/
    password: {file: demo.pw}
    databases:
      - {type: mariadb, password: {file: ~/db.pw}, tls: {ca: ca.pem}}
      - {type: sqlite, path: data/demo.db}
vaults:
  nas: {type: archive, place: mnt/nas, password: {file: /run/pw}}
`)
  assert.equal(config.place, '/home/ann/backups')
  assert.equal(config.state, '/etc/state')
  assert.equal(config.apps['demo']?.root, '/home/ann')
  assert.deepEqual(config.apps['demo']?.password, { file: '/etc/holdfast/demo.pw' })
  assert.deepEqual(config.apps['demo']?.databases, [{ type: 'mariadb', password: { file: '/home/ann/db.pw' }, tls: { ca: '/etc/holdfast/ca.pem' } }, { type: 'sqlite', path: 'data/demo.db' }])
  assert.deepEqual(config.vaults['nas'], { type: 'archive', place: '/etc/holdfast/mnt/nas', password: { file: '/run/pw' } })
})

test('anchors and merge keys work, and a byte order mark does no harm', () => {
  const { apps } = parse('\ufeffapps:\n  one: &one {root: /srv/one, keep: {daily: 7}}\n  two:\n    <<: *one\n    root: /srv/two\n')
  assert.deepEqual(apps['two']?.keep, { daily: 7 })
  assert.equal(apps['two']?.root, '/srv/two')
})

test('names of JavaScript\'s own properties are no applications', () => {
  const { apps, vaults } = parse('apps: {demo: {root: /srv/demo}}')
  for (const name of ['constructor', 'toString', '__proto__']) {
    assert.equal(apps[name], undefined)
    assert.equal(vaults[name], undefined)
  }
})

test('any text is either read or explained, never a crash', () => {
  const snippet = fc.constantFrom('apps:', '\n', '  ', 'demo', ': ', '{', '}', '[', ']', '- ', 'root', '/srv', '"', '\'', '&a ', '*a', '<<: ', '|', '>', '!t', '#', ',', 'keep', 'password', '{env: X}', '\t', '---', '?', '0', 'null', '\u0000', '\ud800')
  fc.assert(fc.property(fc.array(snippet, { maxLength: 25 }), (parts) => {
    try {
      parse(`apps:\n  demo:\n    root: /x\n${parts.join('')}`)
    } catch (error) {
      assert.ok(error instanceof AppError, String(error))
      assert.match(error.message, /^\/etc\/holdfast\/holdfast\.yaml:\d+:\d+: /)
    }
  }), { numRuns: 1500, seed: 42 })
})

test('no broken configuration shows a password in its errors', () => {
  const secret = fc.constantFrom('c4nary', '"c4nary"', '\'c4nary\'', 'c4nary: x', 'c4nary, b', '"c4nary', '|\n      c4nary\n', '{env: [c4nary]}', '{command: {a: c4nary}}', '[c4nary]', '!x c4nary', '&a c4nary', '@c4nary')
  const key = fc.constantFrom('password', 'pasword', 'Password', 'passwrod', '"password"', 'passwd', 'secret', 'db_password')
  const separator = fc.constantFrom(': ', ':', ' ', ' : ', ' = ', '=', ':  ')
  const noise = fc.constantFrom('', ']', '}', 'x', '  bad', '\tx', 'colour: red', '    kind: bth', '---')
  fc.assert(fc.property(fc.constantFrom(block, flow), key, separator, secret, noise, (form, name, between, value, rest) => {
    try {
      parse(`${form(`${name}${between}${value}`)}${rest}\n`)
    } catch (error) {
      assert.ok(error instanceof AppError, String(error))
      assert.doesNotMatch(`${error.message} ${error.hint}`, /c4nary/)
    }
  }), { numRuns: 3000, seed: 7 })
})

test('a name that would get lost is an error', () => {
  for (const [text, message] of [['apps: {__proto__: {root: /srv/a}}', /1:8: "__proto__" cannot be used as a name/], ['apps: {1: {root: /srv/a}, "1": {root: /srv/b}}', /1:27: this key stands here twice/]] as const) {
    assert.throws(() => parseConfig(text, 'holdfast.yaml', '/root'), { code: 'config.invalid', message })
  }
})
