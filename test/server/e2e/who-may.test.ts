import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createdTokenSchema } from '../../../src/model/api/access.ts'
import { routes } from '../../../src/server/routes/routes.ts'
import type { Who } from './running-server.ts'
import { demoMachine, RunningServer } from './running-server.ts'

/**
 * Every route, and whom it is for: written down a second time, so that a new route or a changed one is a decision. `again`: asks for
 * the password again; `people`: closed to tokens; `some`: a token of some applications comes in and sees those alone.
 */
const table = `
GET /api/session public
POST /api/setup public
POST /api/session public
DELETE /api/session viewer people
POST /api/step-up viewer people
GET /api/sessions viewer people
DELETE /api/sessions/:session viewer people
POST /api/account/password viewer people
POST /api/account/totp viewer again people
POST /api/account/totp/confirm viewer people
DELETE /api/account/totp viewer again people
GET /api/users admin
POST /api/users admin again
PATCH /api/users/:name admin again
DELETE /api/users/:name admin again
GET /api/tokens admin
POST /api/tokens admin again
DELETE /api/tokens/:token admin
GET /api/audit admin
GET /api/status viewer some
GET /api/apps viewer some
GET /metrics viewer some
POST /api/notify/:name/test admin
GET /api/apps/:app viewer
GET /api/apps/:app/points viewer
GET /api/apps/:app/runs viewer
GET /api/events viewer some
POST /api/apps/:app/backup operator
POST /api/apps/:app/touch operator
POST /api/apps/:app/points/:id/verify operator
POST /api/apps/:app/points/:id/diff operator
DELETE /api/apps/:app/points/:id admin again
GET /api/tickets/:ticket operator some
POST /api/runs/:app/:run/cancel operator
GET /api/apps/:app/runs/:run/log operator
GET /api/apps/:app/runs/:run/events operator
GET /api/apps/:app/points/:id operator
GET /api/apps/:app/points/:id/tree operator
GET /api/apps/:app/points/:id/tree/place operator
GET /api/apps/:app/points/:id/search operator
GET /api/apps/:app/points/:id/preview operator
GET /api/apps/:app/points/:id/file operator
GET /api/apps/:app/points/:id/folder.zip operator
GET /api/apps/:app/points/:id/download operator
POST /api/apps/:app/restore/plan operator
POST /api/apps/:app/restore operator again
GET /api/apps/:app/restore operator
POST /api/apps/:app/restore/undo operator again
POST /api/apps/:app/restore/undo/:ticket admin again
POST /api/apps/:app/restore/resume operator again
POST /api/apps/:app/restore/rollback operator again
GET /api/config admin
GET /api/config/schema admin
PATCH /api/config admin again
PUT /api/config admin again
POST /api/config/test-place admin
GET /api/discover admin
POST /api/uploads operator some
GET /api/uploads/:id operator some
PATCH /api/uploads/:id operator some
DELETE /api/uploads/:id operator some
GET /widget/tile.js public
GET /widget/:app widget
GET /api/apps/:app/widget widget
GET /api/apps/:app/badge.svg widget
GET /api/apps/:app/jeedom widget
`.trim().split('\n')

type Row = { readonly method: string; readonly path: string; readonly access: string; readonly again: boolean; readonly people: boolean; readonly some: boolean }
type Asker = { readonly name: string; readonly who: Who; readonly role: string; readonly token?: true; readonly widget?: true; readonly apps?: 'these' | 'others' }

const rows = table.map((line): Row => {
  const [method = '', path = '', access = '', ...more] = line.split(' ')
  return { method, path, access, again: more.includes('again'), people: more.includes('people'), some: more.includes('some') }
})

// An application that is not there: whoever is let in does no work, and is told 404.
const app = 'ghost'
const levels: Readonly<Record<string, number>> = { nobody: 0, widget: 1, viewer: 1, operator: 2, admin: 3 }

/** What the answer must be; undefined for one who is let in. */
function refusal({ access, path, again, people, some }: Row, asker: Asker): number | undefined {
  if (access === 'public') return undefined
  if (asker.role === 'nobody') return 401
  if ((levels[asker.role] ?? 0) < (levels[access] ?? 9)) return 403
  if (asker.token === undefined) return undefined
  if (again || people) return 403
  if (asker.widget === true && access !== 'widget') return 403
  if (asker.apps === undefined) return undefined
  if (path.includes(':app')) return asker.apps === 'these' ? undefined : 403
  return some ? undefined : 403
}

test('the routes are those that are written down here, each for those that are written down here', () => {
  const found = routes.map(({ method, path, access, stepUp, people, narrows }) => [method, path, access, ...(stepUp === true ? ['again'] : []), ...(people === true ? ['people'] : []), ...(narrows === true ? ['some'] : [])].join(' '))
  assert.deepEqual(found.toSorted(), table.toSorted())
  for (const { method, path, access, audit } of routes) assert.ok(method === 'GET' || audit !== undefined || access === 'public', `${method} ${path} changes something, and the audit log does not know of it`)
})

test('each route lets in those that it is for, and nobody else', async (t) => {
  await using server = await RunningServer.start(await demoMachine())
  const token = async (wanted: Record<string, unknown>): Promise<Who> => ({ token: (await server.get(createdTokenSchema, 'POST', '/api/tokens', { name: 'a token', ...wanted }, {}, 201)).text })
  const askers: readonly Asker[] = [
    { name: 'nobody', who: 'nobody', role: 'nobody' },
    { name: 'a token that never was', who: { token: `hf_${'A'.repeat(43)}` }, role: 'nobody' },
    ...(['viewer', 'operator', 'admin'] as const).map((role): Asker => ({ name: `the ${role}`, who: role, role })),
    ...await Promise.all((['viewer', 'operator', 'admin'] as const).map(async (role): Promise<Asker> => ({ name: `a token of a ${role}`, who: await token({ role }), role, token: true }))),
    { name: 'an admin\'s token for this application', who: await token({ role: 'admin', apps: [app] }), role: 'admin', token: true, apps: 'these' },
    { name: 'an admin\'s token for another application', who: await token({ role: 'admin', apps: ['demo'] }), role: 'admin', token: true, apps: 'others' },
    { name: 'a widget\'s token', who: await token({ kind: 'widget' }), role: 'viewer', token: true, widget: true },
    { name: 'a widget\'s token for this application', who: await token({ kind: 'widget', apps: [app] }), role: 'viewer', token: true, widget: true, apps: 'these' },
    { name: 'a widget\'s token for another application', who: await token({ kind: 'widget', apps: ['demo'] }), role: 'viewer', token: true, widget: true, apps: 'others' },
  ]
  // Whoever signs out is nobody from then on: last.
  const ordered = rows.toSorted((a, b) => Number(a.method === 'DELETE' && a.path === '/api/session') - Number(b.method === 'DELETE' && b.path === '/api/session'))
  for (const row of ordered) {
    for (const asker of askers) {
      const path = row.path.replace(':app', app).replace(':id', '0123456789abcdef').replaceAll(/:\w+/g, 'nothing')
      const response = await server.open(row.method, path, row.method === 'GET' ? undefined : {}, { as: asker.who })
      response.destroy()
      const expected = refusal(row, asker)
      const said = `${row.method} ${path} as ${asker.name}: ${response.statusCode}`
      if (expected !== undefined) assert.equal(response.statusCode, expected, said)
      else if (row.access === 'public') assert.ok(response.statusCode !== undefined && (response.statusCode !== 500), said)
      else assert.ok(response.statusCode !== undefined && ![401, 403, 405, 500].includes(response.statusCode), said)
    }
  }
  t.diagnostic(`${rows.length * askers.length} requests`)

  for (const path of ['/api', '/api/', '/api/nothing', '/api/apps/demo/nothing', '/api/apps/demo/points/x/y/z', '/api/session/more']) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, text } = await server.ask(method, path, undefined, { as: { token: 'none' } })
      if (method === 'GET' && path === '/api') continue
      assert.ok(status === 404 || status === 405, `${method} ${path}: ${status} ${text.slice(0, 100)}`)
    }
  }
  // A method that a path does not have is nothing either, for whoever asks.
  for (const path of new Set(rows.map((row) => row.path))) {
    const known = new Set(rows.filter((row) => row.path === path).map(({ method }) => method))
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      if (known.has(method)) continue
      const asked = path.replace(':app', app).replaceAll(/:\w+/g, '0123456789abcdef')
      const { status } = await server.ask(method, asked, undefined, { as: 'nobody' })
      const another = rows.find((row) => row.method === method && row.path.split('/').length === path.split('/').length && row.path.split('/').every((part, index) => part.startsWith(':') || part === asked.split('/')[index]))
      assert.ok(status === 404 || status === 405 || (another !== undefined && status === 401), `${method} ${asked}: ${status}`)
    }
  }
})
