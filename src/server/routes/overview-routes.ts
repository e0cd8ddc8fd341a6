import { AppError } from '../../kit/app-error.ts'
import type { CatalogPoint } from '../../catalog/catalog-points.ts'
import type { AppCard, Overview, Point, PointsPage, StatusReport } from '../../model/api/overview.ts'
import type { RunLine, RunsPage } from '../../model/api/runs.ts'
import type { Principal } from '../../model/principal.ts'
import type { RunReport } from '../../model/run-report.ts'
import { overviewSentence } from '../../policy/overview-sentence.ts'
import { statusReport } from '../../policy/status-report.ts'
import { isConfigurationBroken, reportWith, sentenceWith } from '../../report/configuration-broken.ts'
import { metricsContentType, metricsText } from '../../report/metrics-text.ts'
import { mayUse } from '../access/may-use.ts'
import { json, noContent, queryNumber } from '../http/answers.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { sseResponse, streamSignal } from '../http/sse.ts'
import type { Server } from '../server.ts'

const mostAtOnce = 500
const proveAgainMs = 2000

/** How all stands, for people, programs and whoever listens. */
export const overviewRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/status', access: 'viewer', narrows: true, handle: ({ server, principal }) => json(statusFor(server, principal)) },
  { method: 'GET', path: '/api/apps', access: 'viewer', narrows: true, handle: ({ server, principal }) => json(overviewOf(server, cardsFor(server, principal), unseenFor(server, principal), principal)) },
  {
    method: 'GET', path: '/metrics', access: 'viewer', narrows: true,
    async handle({ server, principal }) {
      return new Response(await metricsText(overviewOf(server, cardsFor(server, principal), unseenFor(server, principal), principal)), { headers: { 'content-type': metricsContentType } })
    },
  },
  {
    method: 'POST', path: '/api/notify/:name/test', access: 'admin', audit: 'test a notifier',
    async handle({ server, params }) {
      const name = params['name'] ?? ''
      await server.teller.reporting.test(/^(?:notify|ping)\.|^mqtt$/.test(name) ? name : `notify.${name}`)
      return noContent()
    },
  },
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
    handle(context) {
      return sseResponse(allowedEvents(context, streamSignal(context.signal, context.server)))
    },
  },
]

/** What everybody may see of how things go; the details of runs (paths, hooks' words) are for operators. */
async function* allowedEvents({ server, principal, request, address, secure }: RequestContext, signal: AbortSignal): ReturnType<Server['hub']['listen']> {
  const isOperator = principal.kind !== 'anonymous' && principal.role !== 'viewer'
  let provenMs = performance.now()
  for await (const event of server.hub.listen(request.headers.get('last-event-id') ?? undefined, signal)) {
    if (performance.now() - provenMs > proveAgainMs) {
      provenMs = performance.now()
      // Who was signed out, or got another role, does not go on listening; the browser comes again, and is asked who it is.
      const now = await server.access.authenticate(request, address, secure)
      if (now.kind === 'anonymous' || principal.kind === 'anonymous' || now.role !== principal.role) return
    }
    if (event.app !== undefined && !mayUse(principal, event.app)) continue
    if (isOperator || event.name === 'overview' || event.name === 'reset') yield event
  }
}

function cardsFor(server: Server, principal: Principal): readonly AppCard[] {
  return server.book.cards().filter(({ name }) => mayUse(principal, name))
}

/** All that the first page shows. */
export function overviewOf(server: Pick<Server, 'health'>, cards: readonly AppCard[], unseen: number, principal?: Principal): Overview {
  const health = server.health()
  const verdict = overviewSentence(cards.map(({ status }) => status), unseen)
  return {
    version: 1, ...verdict, sentence: sentenceWith(verdict.sentence, isConfigurationBroken(health)), unseen, apps: [...cards],
    reporting: principal === undefined ? health : health.filter(({ name }) => mayKnow(principal, name)), judgedAt: new Date().toISOString(),
  }
}

/** A token of some applications knows of those that are told of them, `ping.APP` and `jeedom.APP`, and of nothing else that the server does. */
function mayKnow(principal: Principal, name: string): boolean {
  if (principal.kind !== 'token' || principal.apps === undefined) return true
  return mayUse(principal, /^(?:ping|jeedom)\.(.+)$/.exec(name)?.[1] ?? '')
}

function statusFor(server: Server, principal: Principal): StatusReport {
  return reportWith(statusReport(server.book.statuses().filter(({ app }) => mayUse(principal, app)), new Date().toISOString(), unseenFor(server, principal)), server.configuration.isBroken)
}

function unseenFor(server: Server, principal: Principal): number {
  return server.book.unseen().filter((name) => mayUse(principal, name)).length
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
  const ids = [...new Set(copies.map(({ snapshot }) => snapshot.id))]
  return {
    ...point, fileName: point.key.replace(/^.*\//, ''),
    copies: copies.map(({ vault, snapshot }) => ({ vault, id: snapshot.id, ...(snapshot.verifiedAt === undefined ? {} : { verifiedAt: snapshot.verifiedAt }), ...(snapshot.damagedAt === undefined ? {} : { damagedAt: snapshot.damagedAt }) })),
    commands: {
      restore: server.commandLine(['restore', id, '--app', app]), verify: server.commandLine(['verify', ...ids, '--app', app]),
      remove: server.commandLine(['forget', ...ids, '--app', app]), show: server.commandLine(['show', id, '--app', app]),
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
