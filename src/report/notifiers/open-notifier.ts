import type { Notifier } from '../../model/notifier.ts'
import { gotifyNotifier } from './gotify.ts'
import { httpNotifier } from './http.ts'
import { mailNotifier } from './mail.ts'
import type { NotifierContext } from './notifier-context.ts'
import type { NotifierOptions } from './notifier-options.ts'
import { ntfyNotifier } from './ntfy.ts'
import { webhookNotifier } from './webhook.ts'

/** The notifier of these options. Nothing is asked and no secret is read until something is sent. */
export function openNotifier(options: NotifierOptions, context: NotifierContext): Notifier {
  switch (options.type) {
    case 'mail':
      return mailNotifier(options, context)
    case 'ntfy':
      return ntfyNotifier(options, context)
    case 'gotify':
      return gotifyNotifier(options, context)
    case 'webhook':
      return webhookNotifier(options, context)
    case 'http':
      return httpNotifier(options, context)
  }
}
