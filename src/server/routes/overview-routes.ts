import { AppError } from '../../kit/app-error.ts'
import type { CatalogPoint } from '../../catalog/catalog-points.ts'
import type { AppCard, Overview, Point, PointsPage, StatusReport } from '../../model/api/overview.ts'
import type { RunLine, RunsPage } from '../../model/api/runs.ts'
import type { Principal } from '../../model/principal.ts'
import type { RunReport } from '../../model/run-report.ts'
import { overviewSentence } from '../../policy/overview-sentence.ts'
import { mayUse } from '../access/may-use.ts'
import { json, queryNumber } from '../http/answers.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { sseResponse } from '../http/sse.ts'
import type { Server } from '../server.ts'

const mostAtOnce = 500

/** How all stands, for people, programs and whoever listens. */
export const overviewRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/status', access: 'viewer', narrows: true, handle: ({ server, principal }) => json(statusReport(server, principal)) },
  { method: 'GET', path: '/api/apps', access: 'viewer', narrows: true, handle: ({ server, principal }) => json(overview(server, principal)) },
  {
    method: 'GET', path: '/api/apps/:app', access: 'viewer',
    handle({ server, params }) {
      const card = server.book.card(server.app(params['app'] ?? '').name)
      if (card === undefined) throw new AppError('app.unknown', 'It is being looked at for the first time', { hint: 'Ask again in a moment.', retry: true })
      return json(card)
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points', access: 'viewer',
    async handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return json(await pointsPage(context, name))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/runs', access: 'viewer',
    async handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return json(await runsPage(context, name))
    },
  },
  {
    method: 'GET', path: '/api/events', access: 'viewer', narrows: true,
    handle({ server, principal, request, signal }) {
      const last = request.headers.get('last-event-id') ?? undefined
      return sseResponse(allowedEvents(server, principal, last, AbortSignal.any([signal, server.signal])))
    },
  },
]

/** What everybody may see of how things go; the details of runs (paths, hooks' words) are for operators. */
async function* allowedEvents(server: Server, principal: Principal, last: string | undefined, signal: AbortSignal): ReturnType<Server['hub']['listen']> {
  const isOperator = principal.kind !== 'anonymous' && principal.role !== 'viewer'
  for await (const event of server.hub.listen(last, signal)) {
    if (event.app !== undefined && !mayUse(principal, event.app)) continue
    if (isOperator || event.name === 'overview' || event.name === 'reset') yield event
  }
}

function cardsFor(server: Server, principal: Principal): readonly AppCard[] {
  return server.book.cards().filter(({ name }) => mayUse(principal, name))
}

/** All that the first page shows. */
export function overview(server: Server, principal: Principal): Overview {
  const apps = [...cardsFor(server, principal)]
  return { version: 1, ...overviewSentence(apps.map(({ status }) => status)), apps, reporting: [...server.reportingHealth()], judgedAt: new Date().toISOString() }
}

/** The same with less, for programs. */
export function statusReport(server: Server, principal: Principal): StatusReport {
  const apps = server.book.statuses().filter(({ app }) => mayUse(principal, app))
  const state = apps.some((status) => status.state === 'never' || status.reasons.some(({ severity }) => severity === 'failed')) ? 'failed' : apps.some(({ reasons }) => reasons.length > 0) ? 'warning' : 'ok'
  return { version: 1, state, ...overviewSentence(apps), apps: [...apps], judgedAt: new Date().toISOString() }
}

async function pointsPage(context: RequestContext, app: string): Promise<PointsPage> {
  const { points, total, next } = await context.server.catalog.points.page(app, pageOf(context, 100))
  return { points: points.map((found) => pointOf(found, context.server)), total, ...(next === undefined ? {} : { next }) }
}

function pageOf(context: RequestContext, standard: number): { readonly limit: number; readonly cursor?: string } {
  const cursor = context.query.get('cursor')
  return { limit: queryNumber(context, 'limit', { standard, most: mostAtOnce }), ...(cursor === null ? {} : { cursor }) }
}

function pointOf({ point, copies }: CatalogPoint, server: Server): Point {
  const { id, app } = point
  return {
    ...point, fileName: point.key.replace(/^.*\//, ''), vaults: copies.map(({ vault }) => vault),
    commands: {
      restore: server.commandLine(['restore', id, '--app', app]), verify: server.commandLine(['verify', id, '--app', app]),
      remove: server.commandLine(['forget', id, '--app', app]), show: server.commandLine(['show', id, '--app', app]),
    },
  }
}

/** What has ended is in the catalog; what is going on stands before it on the first page. */
async function runsPage(context: RequestContext, app: string): Promise<RunsPage> {
  const { runs, next } = await context.server.catalog.runs.page(app, pageOf(context, 50))
  const running = context.query.has('cursor') ? undefined : context.server.running(app)
  const ended = runs.filter(({ run }) => run !== running?.run)
  return { runs: running === undefined ? [...ended] : [runLine(running), ...ended], ...(next === undefined ? {} : { next }) }
}

function runLine({ run, app, kind, startedAt, warningCount, bytes }: RunReport): RunLine {
  return { run, app, kind, startedAt, warnings: warningCount, bytes, points: [] }
}
