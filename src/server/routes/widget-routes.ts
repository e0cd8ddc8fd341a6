import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { AppError } from '../../kit/app-error.ts'
import { parseByteSize } from '../../kit/byte-size.ts'
import type { WidgetState } from '../../model/api/widget.ts'
import { badgeSvg } from '../../report/badge-svg.ts'
import { statusBadge } from '../../report/status-badge.ts'
import { widgetState } from '../../report/widget-state.ts'
import type { Application } from '../../runs/application.ts'
import { json } from '../http/answers.ts'
import { originMatches } from '../http/origin-matches.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { WebFiles } from '../http/web-files.ts'
import type { WidgetLanguage } from './widget-page.ts'
import { widgetLanguages, widgetPage, widgetPagePolicy } from './widget-page.ts'

/** What may be shown in pages of others must say so: the server's own answers may not. */
const foreign = { 'cross-origin-resource-policy': 'cross-origin' }

type Script = { readonly bytes: Buffer<ArrayBuffer>; readonly zipped: Buffer<ArrayBuffer>; readonly tag: string }

/** The status widget: its page, its script, its data, a badge, and the value for Jeedom's tile. */
export const widgetRoutes: readonly Route[] = widgetRoutesWith(() => WebFiles.open().bytes('widget/tile.js'))

/** `readScript` gives the built tile, undefined where it is not built; it is asked until it has given it once. */
export function widgetRoutesWith(readScript: () => Buffer<ArrayBuffer> | undefined): readonly Route[] {
  let script: Script | undefined
  return [
    // Before the page of an application, whose path it fits as well.
    {
      method: 'GET', path: '/widget/tile.js', access: 'public',
      handle({ request }) {
        script ??= scriptOf(readScript())
        if (script === undefined) return new Response('The widget is not built yet: run "npm run build".', { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } })
        const headers = { ...foreign, 'access-control-allow-origin': '*', 'cache-control': 'no-cache', 'etag': script.tag, 'vary': 'accept-encoding' }
        if (request.headers.get('if-none-match') === script.tag) return new Response(null, { status: 304, headers })
        const zipped = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
        return new Response(zipped ? script.zipped : script.bytes, { headers: { ...headers, 'content-type': 'text/javascript; charset=utf-8', ...(zipped ? { 'content-encoding': 'gzip' } : {}) } })
      },
    },
    {
      method: 'GET', path: '/widget/:app', access: 'widget',
      async handle(context) {
        const { name } = appOf(context)
        return new Response(widgetPage(name, languageOf(context)), {
          headers: { ...foreign, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'content-security-policy': widgetPagePolicy(pagesOf(context)) },
        })
      },
    },
    {
      method: 'GET', path: '/api/apps/:app/widget', access: 'widget',
      async handle(context) {
        const response = json(await stateOf(context))
        const origin = context.request.headers.get('origin')
        response.headers.set('vary', 'Origin')
        if (origin !== null && originMatches(origin, pagesOf(context) ?? [])) response.headers.set('access-control-allow-origin', origin)
        return response
      },
    },
    {
      method: 'GET', path: '/api/apps/:app/badge.svg', access: 'widget',
      async handle(context) {
        const label = context.query.get('label')
        const badge = statusBadge(await stateOf(context), { language: languageOf(context), ...(label === null ? {} : { label }) })
        return new Response(badgeSvg(badge), {
          // As a page of its own it must not run anything either.
          headers: { ...foreign, 'content-type': 'image/svg+xml', 'cache-control': 'no-store', 'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'' },
        })
      },
    },
    {
      method: 'GET', path: '/api/apps/:app/jeedom', access: 'widget',
      async handle(context) {
        return json(await context.server.jeedom(appOf(context).name))
      },
    },
  ]
}

function scriptOf(bytes: Buffer<ArrayBuffer> | undefined): Script | undefined {
  return bytes === undefined ? undefined : { bytes, zipped: gzipSync(bytes), tag: `W/"${createHash('sha256').update(bytes).digest('base64url')}"` }
}

/** @throws AppError `app.unknown`. */
function appOf({ server, params }: RequestContext): Application {
  return server.app(params['app'] ?? '')
}

/** @throws AppError `app.unknown`. */
async function stateOf(context: RequestContext): Promise<WidgetState> {
  const { server } = context
  const { name, config: { expect: { minSize } } } = appOf(context)
  // Right after the start nobody has looked at it yet.
  if (await server.card(name) === undefined) await server.book.look(name)
  const card = await server.card(name)
  if (card === undefined) throw new AppError('app.unknown', 'There is no such application')
  return widgetState({ ...card, ...(minSize === undefined ? {} : { minSizeBytes: parseByteSize(minSize) }) }, new Date())
}

/** The pages that may hold the widget, which the token itself tells. */
function pagesOf({ principal }: RequestContext): readonly string[] | undefined {
  return principal.kind === 'token' && principal.tokenKind === 'widget' ? principal.frameAncestors : undefined
}

/** The one that is asked for, else the reader's first that we speak. */
function languageOf({ query, request }: RequestContext): WidgetLanguage {
  const asked = [query.get('lang') ?? '', ...(request.headers.get('accept-language') ?? '').split(',')].map((part) => part.trim().slice(0, 2).toLowerCase())
  return asked.flatMap((code) => widgetLanguages.filter((language) => language === code))[0] ?? 'en'
}
