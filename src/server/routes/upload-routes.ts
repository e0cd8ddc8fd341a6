import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import { uploadRequestSchema } from '../../model/api/settings.ts'
import type { UploadAbout } from '../../model/api/settings.ts'
import { snapshotSchema } from '../../model/restore-point.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import { mayUse } from '../access/may-use.ts'
import { json, noContent, queryNumber, readJson } from '../http/answers.ts'
import { whoIs } from '../http/http-app.ts'
import type { RequestContext, Route } from '../http/route.ts'

const failure = z.object({ message: z.string() })
const importedSchema = z.object({ imported: z.array(z.object({ snapshot: snapshotSchema })), own: z.array(snapshotSchema), failed: z.array(failure) })

/** Archives from a browser: checked before anything else is done with them, and restored as files from outside. */
export const uploadRoutes: readonly Route[] = [
  {
    method: 'POST', path: '/api/uploads', access: 'operator', narrows: true, audit: 'upload',
    async handle(context) {
      const request = await readJson(context, uploadRequestSchema)
      if (!mayUse(context.principal, request.app)) throw new AppError('access.denied', 'The token is not for this application.')
      context.server.app(request.app)
      context.note.target = request.app
      return json(await context.server.uploads.begin(request, whoIs(context.principal)), 201)
    },
  },
  {
    method: 'GET', path: '/api/uploads/:id', access: 'operator', narrows: true,
    handle: (context) => json(found(context)),
  },
  {
    method: 'PATCH', path: '/api/uploads/:id', access: 'operator', narrows: true, audit: 'upload', bodyBytes: 0,
    async handle(context) {
      const { id } = found(context)
      const { body } = context.request
      const upload = await context.server.uploads.receive(id, queryNumber(context, 'offset', { standard: 0, most: Number.MAX_SAFE_INTEGER }), body ?? new ReadableStream())
      return json(upload.receivedBytes < upload.sizeBytes ? upload : check(context, id))
    },
  },
  {
    method: 'DELETE', path: '/api/uploads/:id', access: 'operator', narrows: true, audit: 'delete upload',
    handle(context) {
      context.server.uploads.remove(found(context).id)
      return noContent()
    },
  },
]

function found({ server, params, principal }: RequestContext): ReturnType<RequestContext['server']['uploads']['get']> {
  const upload = server.uploads.get(params['id'] ?? '')
  if (!mayUse(principal, upload.app)) throw new AppError('vault.unknown-point', 'There is no such upload')
  return upload
}

/** All of it is here: whose archive it is and whether it is whole is told by a process of its own. */
function check(context: RequestContext, id: string): unknown {
  const { server } = context
  const { app } = server.uploads.get(id)
  const args = ['import', server.uploads.path(id), '--app', app, '--dry-run']
  const { ticket } = server.queue.ask({ app, what: 'import', args, command: server.commandLine(args), askedBy: whoIs(context.principal), looksOnly: true })
  const upload = server.uploads.settle(id, 'checking')
  void settle(server, id, ticket)
  return upload
}

async function settle(server: RequestContext['server'], id: string, ticket: string): Promise<void> {
  const ended = await server.queue.ended(ticket)
  const parsed = importedSchema.safeParse(ended?.result)
  const problem = ended?.error?.message ?? (parsed.success ? parsed.data.failed[0]?.message : 'It could not be checked')
  const snapshot = parsed.success ? parsed.data.own[0] ?? parsed.data.imported[0]?.snapshot : undefined
  if (snapshot === undefined) server.uploads.settle(id, 'refused', { text: problem ?? 'It is no archive that Holdfast knows' })
  else server.uploads.settle(id, 'ready', { about: aboutOf(snapshot, server, server.uploads.get(id).app) })
}

/** An application that was renamed since stands in the folder that its older points name. */
function aboutOf({ app, host, root, startedAt, foreign }: Snapshot, server: RequestContext['server'], wanted: string): UploadAbout {
  if (foreign !== undefined) return { host, startedAt, kind: foreign.kind, isOther: false }
  return { app, host, startedAt, isOther: app !== wanted && !server.apps().some((own) => own.name === wanted && own.root === root) }
}
