import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { overviewSchema, statusReportSchema } from '../../../src/model/api/overview.ts'
import { runsPageSchema } from '../../../src/model/api/runs.ts'
import { noticeSchema } from '../../../src/model/notice.ts'
import { httpStand } from '../../fixtures/http-stand.ts'
import { demoMachine, passwords, RunningServer } from './running-server.ts'

test('what keeps a backup from beginning, or the server from looking, is told like any failure: it is never called protected', async () => {
  await using stand = await httpStand()
  const machine = await demoMachine((m) => ({
    apps: {
      demo: { root: m.app, ping: { url: `${stand.url}/check`, privateNetwork: true }, hooks: { 'on-failure': [{ command: `echo "$HOLDFAST_ERROR" > ${m.folder}/told` }] } },
      other: { root: join(m.folder, 'other'), ping: { url: `${stand.url}/other`, privateNetwork: true } },
    },
    notify: { hook: { type: 'webhook', url: `${stand.url}/hook`, secret: 'canary-webhook-secret-51c0', privateNetwork: true } },
    statusFile: { path: 'status.json' },
  }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  mkdirSync(join(machine.folder, 'other'))
  writeFileSync(join(machine.folder, 'other/a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  const status = async (): Promise<z.infer<typeof statusReportSchema>> => await server.get(statusReportSchema, 'GET', '/api/status')
  const ofDemo = async () => (await status()).apps.find(({ app }) => app === 'demo') ?? assert.fail()
  const told = (): readonly string[] => stand.asked.filter(({ path }) => path === '/hook').map(({ body }) => noticeSchema.parse(JSON.parse(body)).title)
  const backUp = async () => await server.work('POST', '/api/apps/demo/backup', {})
  assert.equal((await backUp()).outcome, 'ok')
  assert.equal((await server.work('POST', '/api/apps/other/backup', {})).outcome, 'ok')
  await server.until('all are protected', async () => (await status()).sentence === 'All 2 applications are protected.')

  // The application's folder is gone.
  renameSync(machine.app, `${machine.app}-gone`)
  assert.equal((await backUp()).error?.code, 'source.missing')
  await server.until('it is told', () => told().includes('demo: backup failed') && stand.asked.some(({ path }) => path.startsWith('/check/fail')))
  assert.match(readFileSync(join(machine.folder, 'told'), 'utf8'), /There is no folder .*demo/)
  const [run] = (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs
  assert.deepEqual([run?.kind, run?.outcome], ['backup', 'failed'])
  assert.deepEqual([(await status()).protected, (await ofDemo()).reasons.map(({ code, error }) => `${code} ${error}`)], [1, ['run-failed source.missing']])
  renameSync(`${machine.app}-gone`, machine.app)
  assert.equal((await backUp()).outcome, 'ok')
  await server.until('it is protected again', async () => (await status()).protected === 2)

  // The configuration is broken: no run can have a journal.
  const good = readFileSync(machine.configFile, 'utf8')
  writeFileSync(machine.configFile, good.replace('"hooks"', '"hoks"'))
  await server.until('it is told', () => told().includes('Holdfast: the configuration cannot be used'))
  const broken = await status()
  assert.equal(broken.state, 'failed')
  assert.match(broken.sentence, /^All 2 applications are protected\. The configuration cannot be used: backups fail until it is mended\.$/)
  await server.until('the file tells so', () => statusReportSchema.parse(JSON.parse(readFileSync(join(machine.folder, 'status.json'), 'utf8'))).state === 'failed')
  assert.equal((await backUp()).error?.code, 'config.invalid')
  assert.deepEqual((await ofDemo()).reasons.map(({ code, severity, run: kind, error }) => [code, severity, kind, error]), [['run-failed', 'failed', 'backup', 'config.invalid']])
  await server.until('it is told', () => told().filter((title) => title === 'demo: backup failed').length === 2)
  await server.get(z.object({}), 'POST', '/api/step-up', { password: passwords.admin })
  const { text } = await server.get(z.object({ text: z.string() }), 'POST', '/api/tokens', { name: 'narrow', kind: 'api', role: 'viewer', apps: ['other'] }, {}, 201)
  assert.deepEqual((await server.get(overviewSchema, 'GET', '/api/apps', undefined, { as: { token: text } })).reporting.map(({ name }) => name), ['ping.other'], 'a token of one application knows nothing of the rest')
  assert.doesNotMatch((await server.ask('GET', '/metrics', undefined, { as: { token: text } })).text, /ping\.demo|notify|configuration/)
  writeFileSync(machine.configFile, good)
  await server.until('it is told', () => told().includes('Holdfast: the configuration can be used again'))
  await server.until('all were looked at', async () => (await status()).unseen === 0)
  assert.equal((await ofDemo()).reasons[0]?.error, 'config.invalid', 'the backup that failed has not been made up for')
  assert.equal((await backUp()).outcome, 'ok')
  await server.until('it is protected again', async () => (await status()).sentence === 'All 2 applications are protected.')

  // The state is unusable, which must not hide that the place is gone.
  renameSync(join(machine.state, 'demo'), join(machine.folder, 'demo-state'))
  writeFileSync(join(machine.state, 'demo'), '')
  await server.ask('GET', '/api/apps/demo/points/0123456789abcdef')
  assert.match((await ofDemo()).reasons[0]?.message ?? '', /state\/demo cannot be used/)
  assert.equal((await status()).protected, 1)
  rmSync(machine.place, { recursive: true })
  await server.ask('GET', '/api/apps/demo/points/0123456789abcdef')
  assert.match((await ofDemo()).reasons[0]?.message ?? '', /There is no folder .*place/)
  assert.ok(!existsSync(machine.place))
})
