import { AppError } from '../../kit/app-error.ts'
import type { AppCard, Overview, Point, PointsPage, StatusReport } from '../../model/api/overview.ts'
import type { RunLine, RunsPage } from '../../model/api/runs.ts'
import type { Principal } from '../../model/principal.ts'
import type { RunReport } from '../../model/run-report.ts'
import { overviewSentence } from '../../policy/overview-sentence.ts'
import { mayUse } from '../access/may-use.ts'
import type { PointHere } from '../book/app-book.ts'
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
    handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return json(pointsPage(context, name))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/runs', access: 'viewer',
    handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return json(runsPage(context, name))
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

function pointsPage(context: RequestContext, app: string): PointsPage {
  const start = queryNumber(context, 'cursor', { standard: 0, most: 1e9 })
  const limit = queryNumber(context, 'limit', { standard: 100, most: mostAtOnce })
  const merged = new Map<string, PointHere[]>()
  for (const point of context.server.book.points(app)) {
    const copies = merged.get(point.id)
    if (copies === undefined) merged.set(point.id, [point])
    else copies.push(point)
  }
  const all = [...merged.values()]
  const shown = all.slice(start, start + limit).map((copies) => pointOf(copies, context.server))
  return { points: shown, total: all.length, ...(start + limit < all.length ? { next: String(start + limit) } : {}) }
}

function pointOf(copies: readonly PointHere[], server: Server): Point {
  const [first] = copies
  if (first === undefined) throw new AppError('internal', 'A restore point lies nowhere')
  const { vault: _, ...point } = first
  const { id, app } = point
  return {
    ...point, fileName: point.key.replace(/^.*\//, ''), vaults: copies.map(({ vault }) => vault),
    commands: {
      restore: server.commandLine(['restore', id, '--app', app]), verify: server.commandLine(['verify', id, '--app', app]),
      remove: server.commandLine(['forget', id, '--app', app]), show: server.commandLine(['show', id, '--app', app]),
    },
  }
}

function runsPage(context: RequestContext, app: string): RunsPage {
  const start = queryNumber(context, 'cursor', { standard: 0, most: 1e9 })
  const limit = queryNumber(context, 'limit', { standard: 50, most: mostAtOnce })
  const running = context.server.running(app)
  const all = [...(running === undefined ? [] : [running]), ...context.server.book.runs(app).filter(({ run }) => run !== running?.run)]
  return { runs: all.slice(start, start + limit).map(runLine), ...(start + limit < all.length ? { next: String(start + limit) } : {}) }
}

function runLine(report: RunReport): RunLine {
  const { run, app, kind, startedAt, finishedAt, outcome, error, saved, warningCount } = report
  return {
    run, app, kind, startedAt, warnings: warningCount, bytes: saved.reduce((sum, { contentBytes }) => sum + contentBytes, 0) || report.bytes, points: saved.map(({ id }) => id),
    ...(finishedAt === undefined ? {} : { finishedAt }), ...(outcome === undefined ? {} : { outcome }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } }),
  }
}
