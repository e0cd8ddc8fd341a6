import type { Notice } from '../../model/notice.ts'
import type { Notifier } from '../../model/notifier.ts'
import type { NotifierContext } from './notifier-context.ts'
import type { NtfyOptions } from './ntfy-options.ts'
import { post } from './post.ts'

const priorities: Readonly<Record<Notice['severity'], number>> = { failed: 4, warning: 3, info: 2 }
const tags: Readonly<Record<Notice['severity'], string>> = { failed: 'rotating_light', warning: 'warning', info: 'white_check_mark' }

/** Publishes as JSON to the server's root (docs.ntfy.sh/publish, "Publish as JSON"): headers would not take every character. */
export function ntfyNotifier({ url, topic, token, privateNetwork }: NtfyOptions, { readSecret, lookup }: NotifierContext): Notifier {
  return {
    async send(notice, signal) {
      const topicName = await readSecret(topic, signal)
      const access = token === undefined ? undefined : await readSecret(token, signal)
      await post({
        url, method: 'POST', privateNetwork, lookup,
        headers: { 'content-type': 'application/json', ...(access === undefined ? {} : { authorization: `Bearer ${access.reveal()}` }) },
        body: JSON.stringify({
          topic: topicName.reveal(), title: notice.title, message: notice.text, priority: priorities[notice.severity], tags: [tags[notice.severity]],
          ...(notice.url === undefined ? {} : { click: notice.url }),
        }),
      }, access === undefined ? [topicName] : [topicName, access], signal)
    },
  }
}
