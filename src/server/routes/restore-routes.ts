import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { RestorePlan, RestoreRequest, RestoreState } from '../../model/api/restore.ts'
import { restoreRequestSchema } from '../../model/api/restore.ts'
import type { TicketState } from '../../model/api/runs.ts'
import { applicationAt } from '../../runs/application.ts'
import type { TouchedApplication } from '../../runs/restore/touched-applications.ts'
import { touchedApplications } from '../../runs/restore/touched-applications.ts'
import { safetyPoint, unfinishedRestore } from '../../runs/restore/work-in-progress.ts'
import { json, readJson } from '../http/answers.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { ask } from './run-routes.ts'

const count = z.int().nonnegative()
const samples = z.array(z.string())
const previewSchema = z.object({ written: count, overwritten: count, alike: count, deleted: count, contentBytes: count, samples: z.object({ written: samples, overwritten: samples, deleted: samples }), databaseFiles: z.object({ overwritten: samples, deleted: samples }) })
const planSchema = z.object({ id: z.string(), target: z.string(), preview: previewSchema, plan: z.string(), databases: z.array(z.string()) })

/** Bringing an application back: first the plan, then, confirmed by a person who gave the password again, the restore. */
export const restoreRoutes: readonly Route[] = [
  {
    method: 'POST', path: '/api/apps/:app/restore/plan', access: 'operator', audit: 'plan a restore',
    async handle(context) {
      const { app, args, command, touches, confirm } = await restoreOf(context, await readJson(context, restoreRequestSchema))
      return ask(context, 'plan', app, [...args, '--dry-run'], { looksOnly: true, command: `${command} --dry-run`, result: (value) => ({ ...planOf(value), touches: [...touches], confirm, command }) satisfies RestorePlan })
    },
  },
  {
    method: 'POST', path: '/api/apps/:app/restore', access: 'operator', stepUp: true, audit: 'restore',
    async handle(context) {
      const request = await readJson(context, restoreRequestSchema)
      const { app, args, command, confirm, elsewhere } = await restoreOf(context, request)
      if (request.confirm !== confirm) throw new AppError('restore.confirm', 'The name of the application that is changed was not given to confirm it', { hint: `That is ${confirm}.` })
      requireMeant(context, request)
      return ask(context, 'restore', app, [...args, ...(request.plan === undefined ? [] : ['--if-plan', request.plan])], { command, ...(elsewhere === undefined ? {} : { elsewhere }) })
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/restore', access: 'operator',
    handle({ server, params }) {
      const { root } = server.app(params['app'] ?? '')
      const unfinished = unfinishedRestore(root)
      const undo = unfinished === undefined ? safetyPoint(root) : undefined
      return json({
        ...(unfinished === undefined ? {} : { unfinished: { startedAt: unfinished.about.startedAt } }),
        ...(undo === undefined ? {} : { undo: { startedAt: undo.about.startedAt, point: undo.about.point } }),
      } satisfies RestoreState)
    },
  },
  {
    method: 'POST', path: '/api/apps/:app/restore/undo/:ticket', access: 'admin', stepUp: true, audit: 'undo a restore',
    handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return ask(context, 'undo', name, ['restore', '--undo', '--target', restoredElsewhere(context, name)])
    },
  },
  ...(['undo', 'resume', 'rollback'] as const).map((how): Route => ({
    method: 'POST', path: `/api/apps/:app/restore/${how}`, access: 'operator', stepUp: true, audit: `${how} a restore`,
    handle(context) {
      const { name } = context.server.app(context.params['app'] ?? '')
      return ask(context, how, name, ['restore', name, `--${how}`])
    },
  })),
]

/** An archive of another application replaces all of this one: nobody does that by mistaking a file. @throws AppError `restore.confirm`. */
function requireMeant({ server }: RequestContext, { point, otherApplication }: RestoreRequest): void {
  const upload = uploadOf(point)
  const about = upload === undefined ? undefined : server.uploads.get(upload).about
  if (about?.isOther !== true || about.app === otherApplication) return
  throw new AppError('restore.confirm', `This is a restore point of ${about.app}, and that was not confirmed`, { hint: 'Look whether it is the archive that you mean.' })
}

function uploadOf(point: string): string | undefined {
  return /^upload:(.+)$/.exec(point)?.[1]
}

const restoredSchema = z.object({ target: z.string(), safety: z.string() })

/**
 * The folder that a restore of this server's went into, as long as that restore is the newest one there.
 * @throws AppError `vault.unknown-point`, `restore.failed`.
 */
function restoredElsewhere({ server, params }: RequestContext, app: string): string {
  const ticket = server.queue.get(params['ticket'] ?? '')
  const restored = restoredSchema.safeParse(ticket?.result)
  if (ticket?.app !== app || ticket.what !== 'restore' || ticket.elsewhere === undefined || !restored.success) throw new AppError('vault.unknown-point', 'There is no such restore into another folder')
  const { target, safety } = restored.data
  if (safetyPoint(target)?.folder !== safety) throw new AppError('restore.failed', `The restore of ${target} can no longer be undone: it was undone already, another one followed, or what it replaced is no longer kept`)
  return target
}

type Asked = { readonly app: string; readonly args: readonly string[]; readonly command: string; readonly touches: readonly TouchedApplication[]; readonly confirm: string; readonly elsewhere?: NonNullable<TicketState['elsewhere']> }

async function restoreOf(context: RequestContext, request: RestoreRequest): Promise<Asked> {
  const { server, params } = context
  const app = server.app(params['app'] ?? '')
  // Into any folder of this machine: that is as much as any command, which only admins may set.
  if (request.target !== undefined && request.target !== app.root && !isAdmin(context)) throw new AppError('access.denied', 'Only an admin may restore into another folder than the application\'s own')
  if (Object.entries(request.databases ?? {}).some(([from, to]) => from !== to) && !isAdmin(context)) throw new AppError('access.denied', 'Only an admin may restore a database under another name: it may be another application\'s')
  if (request.target !== undefined && !request.target.startsWith('/')) throw new AppError('usage', 'The folder to restore into is a whole path, from / on')
  // From a list of another application nothing is restored into this one by mistake.
  const upload = uploadOf(request.point)
  const what = upload === undefined ? (await server.findPoint(app.name, request.point, request.vault)).point.id : server.uploads.fileOf(upload, app.name)
  const target = request.target ?? (upload === undefined ? undefined : app.root)
  const more = [
    // What an archive is of, and that it is meant, was asked before.
    ...(upload === undefined ? ['--app', app.name] : []),
    ...(target === undefined ? [] : ['--target', target]),
    ...(request.what === 'all' ? [] : ['--only', request.what === 'files' ? 'files' : 'databases']),
    ...(request.paths === undefined || request.paths.length === 0 ? [] : ['--path', ...request.paths]),
    ...Object.entries(request.databases ?? {}).flatMap(([from, to]) => ['--db-name', `${from}=${to}`]),
  ]
  for (const value of [...request.paths ?? [], what]) if (!value.isWellFormed()) throw new AppError('usage', 'A name that is no UTF-8 cannot be chosen alone', { hint: 'Restore its folder.' })
  for (const value of [...request.paths ?? [], what, ...Object.keys(request.databases ?? {})]) if (value.startsWith('-')) throw new AppError('usage', `A path may not begin with "-": ${value}`, { hint: 'Restore its folder.' })
  // The file as its owner knows it, and not where the server keeps it.
  const shown = upload === undefined ? what : fileArgument(server.uploads.get(upload).name)
  const there = request.target === undefined ? undefined : applicationAt(request.target, server.setup.config, server.setup.defaultPlace)
  const touches = there === undefined ? [] : touchedApplications(there, { app: app.name, root: app.root })
  const elsewhere = there === undefined || there.root === app.root ? undefined : { folder: there.root, undo: server.commandLine(['restore', '--undo', '--target', there.root]) }
  return {
    app: app.name, args: ['restore', what, ...more], command: server.commandLine(['restore', shown, ...more]), touches, confirm: touches[0]?.name ?? app.name,
    ...(elsewhere === undefined ? {} : { elsewhere }),
  }
}

/** A name that is taken for a file's, whatever it looks like. */
function fileArgument(name: string): string {
  return `./${name}`
}

function isAdmin({ principal }: RequestContext): boolean {
  return principal.kind !== 'anonymous' && principal.role === 'admin'
}

function planOf(value: unknown): Omit<RestorePlan, 'touches' | 'confirm' | 'command'> {
  const { id, target, preview, plan, databases } = planSchema.parse(value)
  return { ...preview, target, point: id, digest: plan, databases }
}
