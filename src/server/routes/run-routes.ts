import { createReadStream, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import { shellQuote } from '../../kit/shell-quote.ts'
import { backupRequestSchema } from '../../model/api/runs.ts'
import type { RunEvent } from '../../model/run-event.ts'
import { listJournals, parseEvent } from '../../runs/interrupted-runs.ts'
import { attachment, json, noContent, readJson } from '../http/answers.ts'
import { whoIs } from '../http/http-app.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { sseResponse, streamSignal } from '../http/sse.ts'
import { runOfJournal } from '../events/journal-watch.ts'
import { mayUse } from '../access/may-use.ts'

const diffRequestSchema = z.strictObject({ with: z.string().regex(/^(?:[0-9a-f]{16}|live)$/) })
const removeRequestSchema = z.strictObject({ confirm: z.string() })

/** What starts work, and what is seen of it. */
export const runRoutes: readonly Route[] = [
  {
    method: 'POST', path: '/api/apps/:app/backup', access: 'operator', audit: 'backup',
    async handle(context) {
      const app = context.server.app(context.params['app'] ?? '')
      const { scope, without, beforeUpdate } = await readJson(context, backupRequestSchema)
      const known = context.server.partsOf(app)
      const parts = scope === 'partial' && (without === undefined || without.length === 0) ? known : without ?? []
      // They become arguments of a command: nothing but a part's name may stand there.
      for (const part of parts) if (!known.includes(part)) throw new AppError('usage', `${app.name} has no part of that name`, { hint: known.length === 0 ? 'It has no parts.' : `Its parts: ${known.join(', ')}.` })
      const args = ['backup', app.name, ...(scope === 'database' ? ['--database-only'] : scope === 'full' ? ['--full'] : parts.length > 0 ? ['--without', ...parts] : []), ...(beforeUpdate === true ? ['--before-update'] : [])]
      return ask(context, 'backup', app.name, args)
    },
  },
  {
    method: 'POST', path: '/api/apps/:app/touch', access: 'operator', audit: 'touch',
    async handle({ server, params }) {
      return json(await server.touch(server.app(params['app'] ?? '')))
    },
  },
  {
    method: 'POST', path: '/api/apps/:app/points/:id/verify', access: 'operator', audit: 'verify',
    async handle(context) {
      const { point, copies } = await context.server.findPoint(context.params['app'] ?? '', context.params['id'] ?? '', undefined)
      return ask(context, 'verify', point.app, ['verify', ...copies, '--app', point.app])
    },
  },
  {
    method: 'POST', path: '/api/apps/:app/points/:id/diff', access: 'operator', audit: 'diff',
    async handle(context) {
      const other = (await readJson(context, diffRequestSchema)).with
      const { point } = await context.server.findPoint(context.params['app'] ?? '', context.params['id'] ?? '', undefined)
      return ask(context, 'diff', point.app, ['diff', point.id, ...(other === 'live' ? [] : [other]), '--app', point.app], { looksOnly: true, result: diffResult })
    },
  },
  {
    method: 'DELETE', path: '/api/apps/:app/points/:id', access: 'admin', stepUp: true, audit: 'delete restore point',
    async handle(context) {
      const { confirm } = await readJson(context, removeRequestSchema)
      const { point, copies } = await context.server.findPoint(context.params['app'] ?? '', context.params['id'] ?? '', undefined)
      if (confirm !== point.app) throw new AppError('restore.confirm', 'The application\'s name was not given to confirm it')
      // Each copy has an id of its own; what is shown as one goes as one.
      return ask(context, 'remove', point.app, ['forget', ...copies, '--app', point.app])
    },
  },
  {
    method: 'GET', path: '/api/tickets/:ticket', access: 'operator', narrows: true,
    handle({ server, params, principal }) {
      const ticket = server.queue.get(params['ticket'] ?? '')
      if (ticket === undefined || !mayUse(principal, ticket.app)) throw new AppError('vault.unknown-point', 'There is no such work', { hint: 'The server was started again meanwhile, perhaps; the runs of the application tell what became of it.' })
      return json(ticket)
    },
  },
  {
    method: 'POST', path: '/api/runs/:app/:run/cancel', access: 'operator', audit: 'cancel',
    handle({ server, params }) {
      server.app(params['app'] ?? '')
      if (!server.cancel(params['app'] ?? '', params['run'] ?? '')) throw new AppError('usage', 'That run is not under way, or was not begun here', { hint: 'A run that cron or a person began is ended where it was begun.' })
      return noContent()
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/runs/:run/log', access: 'operator',
    async handle({ server, params, query }) {
      const path = (await journalOf({ server, params })).replace(/\.ndjson$/, '.log')
      if (!existsSync(path)) throw new AppError('vault.unknown-point', 'There is no readable log of that run')
      const headers = { 'content-type': 'text/plain; charset=utf-8', ...(query.has('download') ? { 'content-disposition': attachment(`${params['app'] ?? ''}-${params['run'] ?? ''}.log`) } : {}) }
      return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>, { headers })
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/runs/:run/events', access: 'operator',
    async handle({ server, params, request, signal }) {
      const path = await journalOf({ server, params })
      const last = Number(request.headers.get('last-event-id') ?? '0')
      return sseResponse(runEvents(server, params['app'] ?? '', params['run'] ?? '', path, Number.isFinite(last) ? last : 0, streamSignal(signal, server)))
    },
  },
]

/** All events of one run: those of its journal, then what comes, to its end. Ids are the journal's numbers. */
async function* runEvents(server: RequestContext['server'], app: string, run: string, path: string, after: number, signal: AbortSignal): AsyncGenerator<{ id: string; name: string; data: string }, void, undefined> {
  const stop = new AbortController()
  const live = server.hub.listen(undefined, AbortSignal.any([signal, stop.signal]))
  // Listening before the journal is read: nothing falls between the two.
  let next = live.next()
  try {
    let seen = after
    let isRead = false
    for (;;) {
      if (!isRead) {
        isRead = true
        for (const line of (await readFile(path, 'utf8')).split('\n')) {
          const event = parseEvent(line)
          if (event === undefined || event.seq <= seen) continue
          seen = event.seq
          yield told(event)
          if (event.type === 'run.finished') return
        }
      }
      const { done, value } = await next
      if (done === true) return
      next = live.next()
      // Whoever reads slowly has missed some; the journal has them all.
      if (value.name === 'reset') isRead = false
      if (value.name !== 'run' || value.app !== app) continue
      const { run: of, event } = JSON.parse(value.data) as { run: string; event: RunEvent }
      if (of !== run || event.seq <= seen) continue
      seen = event.seq
      yield told(event)
      if (event.type === 'run.finished') return
    }
  } finally {
    stop.abort()
    await live.return()
  }
}

function told(event: RunEvent): { id: string; name: string; data: string } {
  return { id: String(event.seq), name: 'event', data: JSON.stringify(event) }
}

async function journalOf({ server, params }: Pick<RequestContext, 'server' | 'params'>): Promise<string> {
  const app = server.app(params['app'] ?? '')
  const path = (await listJournals(await server.setup.state(app.name))).find((candidate) => runOfJournal(candidate) === params['run'])
  if (path === undefined) throw new AppError('vault.unknown-point', 'There is no journal of such a run', { hint: 'The newest 1,000 of each application are kept.' })
  return path
}

/** Puts work into the queue, and answers with its ticket. */
export function ask(context: RequestContext, what: Parameters<RequestContext['server']['queue']['ask']>[0]['what'], app: string, args: readonly string[], more: { readonly looksOnly?: boolean; readonly command?: string; readonly result?: (json: unknown) => unknown } = {}): Response {
  const { server, principal } = context
  const { ticket } = server.queue.ask({ app, what, args, command: server.commandLine(args), askedBy: whoIs(principal), ...more })
  return json({ ticket }, 202)
}

const diffSchema = z.object({
  added: z.int(), removed: z.int(), changed: z.int(),
  differences: z.array(z.object({ path: z.string(), change: z.enum(['added', 'removed', 'changed']), what: z.array(z.string()), before: z.int().optional(), after: z.int().optional() })),
  tables: z.array(z.object({ database: z.string(), table: z.string(), before: z.int().optional(), after: z.int().optional() })),
})
const differencesShown = 2000

function diffResult(value: unknown): unknown {
  const { differences, ...rest } = diffSchema.parse(value)
  return { ...rest, entries: differences.slice(0, differencesShown), cut: differences.length > differencesShown }
}

/** A command line as a person types it. */
export function commandWords(words: readonly string[]): string {
  return ['holdfast', ...words].map(shellQuote).join(' ')
}
