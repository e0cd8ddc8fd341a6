import type { Notice } from '../../model/notice.ts'
import type { Notifier } from '../../model/notifier.ts'
import type { GotifyOptions } from './gotify-options.ts'
import type { NotifierContext } from './notifier-context.ts'
import { post } from './post.ts'

const priorities: Readonly<Record<Notice['severity'], number>> = { failed: 8, warning: 5, info: 2 }

/** Creates a message (gotify.net/api-docs, POST /message). */
export function gotifyNotifier({ url, token, privateNetwork }: GotifyOptions, { readSecret, lookup }: NotifierContext): Notifier {
  return {
    async send(notice, signal) {
      const access = await readSecret(token, signal)
      await post({
        url: `${url.replace(/\/+$/, '')}/message`, method: 'POST', privateNetwork, lookup,
        headers: { 'content-type': 'application/json', 'x-gotify-key': access.reveal() },
        body: JSON.stringify({
          title: notice.title, message: notice.text, priority: priorities[notice.severity],
          ...(notice.url === undefined ? {} : { extras: { 'client::notification': { click: { url: notice.url } } } }),
        }),
      }, [access], signal)
    },
  }
}
