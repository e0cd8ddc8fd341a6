import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasLiteralSecret } from '../../src/config/literal-secrets.ts'
import { parseConfig } from '../../src/config/parse-config.ts'

function parse(text: string): ReturnType<typeof parseConfig> {
  return parseConfig(text, '/etc/holdfast/holdfast.yaml', '/home/u')
}

const notify = (text: string): string => `apps: {}\nnotify:\n  me: ${text}\n`

test('the least of each notifier is enough', () => {
  for (const text of [
    '{type: mail, host: localhost, from: a@b.c, to: [d@e.f]}', '{type: ntfy, topic: {env: TOPIC}}', '{type: gotify, url: "https://g.example", token: {env: T}}',
    '{type: webhook, url: {env: U}, secret: {env: S}}', '{type: http, url: "https://api.telegram.org/bot${TOKEN}/sendMessage"}',
  ]) {
    const { me } = parse(notify(text)).notify
    assert.deepEqual([me?.remind, me?.summary, me?.on.length], ['1d', { day: 'monday', hour: 8 }, 5], text)
  }
})

test('files of secrets and certificates count from the configuration file', () => {
  const { notify: { mail, web }, mqtt, apps, statusFile } = parse(`
apps: {erp: {root: /srv/erp, ping: {url: {file: ping.url}}}}
notify:
  mail: {type: mail, host: h, from: a@b.c, to: [d@e.f], password: {file: mail.pw}, ca: ~/ca.pem}
  web: {type: http, url: {file: u}, headers: {X-Key: {file: k}}, body: {file: ./b}}
mqtt: {url: "mqtts://h", password: {file: m}, ca: ca.pem}
statusFile: {path: status.json}
`)
  assert.deepEqual(mail?.type === 'mail' ? [mail.password, mail.ca] : [], [{ file: '/etc/holdfast/mail.pw' }, '/home/u/ca.pem'])
  assert.deepEqual(web?.type === 'http' ? [web.url, web.headers, web.body] : [], [{ file: '/etc/holdfast/u' }, { 'X-Key': { file: '/etc/holdfast/k' } }, { file: '/etc/holdfast/b' }])
  assert.deepEqual([mqtt?.password, mqtt?.ca, apps['erp']?.ping?.url, statusFile?.path], [{ file: '/etc/holdfast/m' }, '/etc/holdfast/ca.pem', { file: '/etc/holdfast/ping.url' }, '/etc/holdfast/status.json'])
})

test('a literal token is a secret in the file, a reference to one is none, and defaults are none', () => {
  assert.equal(hasLiteralSecret(parse(notify('{type: ntfy, topic: secret-topic}'))), true)
  assert.equal(hasLiteralSecret(parse(notify('{type: http, url: "${URL}", headers: {Authorization: "${AUTH}"}}'))), false)
  assert.equal(hasLiteralSecret(parse('apps: {erp: {root: /srv/erp, ping: {url: "https://hc-ping.com/uuid"}}}\n')), true)
})

test('what would do harm is refused when it is read', () => {
  for (const text of [
    '{type: mail, host: "h\\nx", from: a@b.c, to: [d@e.f]}', '{type: mail, host: h, from: "a@b.c>\\nBcc: x@y.z", to: [d@e.f]}', '{type: mail, host: h, from: a@b.c, to: []}',
    '{type: ntfy, topic: t, url: "ftp://h"}', '{type: ntfy, topic: t, url: "http://u:p@h"}', '{type: http, url: u, headers: {"X Y": z}}', '{type: ntfy, topic: t, summary: {timezone: Nowhere/Land}}',
    '{type: ntfy, topic: t, on: []}', '{type: ntfy, topic: t, on: [everything]}', '{type: pigeon}',
  ]) assert.throws(() => parse(notify(text)), { code: 'config.invalid' }, text)
  for (const text of ['{url: "mqtt://u:p@h"}', '{url: "http://h"}', '{url: "mqtt://h", topic: "a/#"}', '{url: "mqtt://h", topic: "/a"}', '{url: "mqtt://h", instance: "a/b"}']) assert.throws(() => parse(`apps: {}\nmqtt: ${text}\n`), { code: 'config.invalid' }, text)
})

test('what the how-tos show can be read', () => {
  for (const [page, count] of [['notifications', 3], ['home-assistant', 1]] as const) {
    const text = readFileSync(join(import.meta.dirname, '../../docs/how-to', `${page}.md`), 'utf8')
    const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml).filter((yaml) => !yaml.startsWith('# an automation'))
    assert.equal(blocks.length, count)
    for (const yaml of blocks) parse(yaml.includes('apps:') ? yaml : `apps: {}\n${yaml}`)
  }
})
