import type { Secret } from '../../kit/secret.ts'
import type { Notifier } from '../../model/notifier.ts'
import { fillTemplate } from './fill-template.ts'
import type { Escaping } from './fill-template.ts'
import type { HttpOptions } from './http-options.ts'
import type { NotifierContext } from './notifier-context.ts'
import { post } from './post.ts'

const escapings: Readonly<Record<HttpOptions['contentType'], Escaping>> = {
  'application/json': 'json', 'application/x-www-form-urlencoded': 'url', 'text/plain': 'none', 'text/html': 'xml', 'application/xml': 'xml',
}

const usualBody: Readonly<Record<Escaping, string>> = {
  json: '{"title": "{{title}}", "text": "{{text}}", "app": "{{app}}", "state": "{{state}}"}',
  url: 'title={{title}}&text={{text}}&app={{app}}&state={{state}}',
  xml: '<p>{{title}}</p><pre>{{text}}</pre>',
  none: '{{title}}\n\n{{text}}',
}

/** A request that the configuration describes. */
export function httpNotifier({ url, method, headers, contentType, body, privateNetwork }: HttpOptions, { readSecret, lookup }: NotifierContext): Notifier {
  return {
    async send(notice, signal) {
      const escaping = escapings[contentType]
      const secrets: Secret[] = []
      const reveal = async (reference: HttpOptions['url']): Promise<string> => {
        const secret = await readSecret(reference, signal)
        secrets.push(secret)
        return secret.reveal()
      }
      const filled: Record<string, string> = method === 'GET' ? {} : { 'content-type': contentType }
      for (const [name, value] of Object.entries(headers)) filled[name.toLowerCase()] = await reveal(value)
      await post({
        url: fillTemplate(await reveal(url), notice, 'url'), method, privateNetwork, lookup, headers: filled,
        ...(method === 'GET' ? {} : { body: fillTemplate(body === undefined ? usualBody[escaping] : await reveal(body), notice, escaping) }),
      }, secrets, signal)
    },
  }
}
