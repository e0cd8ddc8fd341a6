import { createHmac } from 'node:crypto'
import type { Notifier } from '../../model/notifier.ts'
import type { NotifierContext } from './notifier-context.ts'
import { post } from './post.ts'
import type { WebhookOptions } from './webhook-options.ts'

/**
 * POSTs `{"version": 1, …the notice}` with `Holdfast-Timestamp` (seconds since 1970) and `Holdfast-Signature`: `sha256=` and
 * the hexadecimal HMAC-SHA256 of timestamp, a dot and the body, byte for byte. The timestamp is signed so that a request that was
 * overheard cannot be sent again later.
 */
export function webhookNotifier({ url, secret, privateNetwork }: WebhookOptions, { readSecret, now, lookup }: NotifierContext): Notifier {
  return {
    async send(notice, signal) {
      const [address, key] = [await readSecret(url, signal), await readSecret(secret, signal)]
      const body = JSON.stringify({ version: 1, ...notice })
      const timestamp = String(Math.floor(now().getTime() / 1000))
      const signature = createHmac('sha256', key.reveal()).update(`${timestamp}.${body}`).digest('hex')
      await post({
        url: address.reveal(), method: 'POST', privateNetwork, lookup, body,
        headers: { 'content-type': 'application/json', 'holdfast-timestamp': timestamp, 'holdfast-signature': `sha256=${signature}` },
      }, [address, key], signal)
    },
  }
}
