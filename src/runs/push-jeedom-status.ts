import { resolveSecret } from '../config/resolve-secret.ts'
import { sendJeedomEvent } from '../report/jeedom-events.ts'
import type { JeedomOptions } from '../report/jeedom-options.ts'
import type { JeedomStatus } from '../report/jeedom-status.ts'

/**
 * Sets the command `status` of a Jeedom to the value of nine keys; without such a command it does nothing. Jeedom takes the same
 * value again without harm: its date of collection then shows that somebody still tells.
 *
 * @throws AppError `report.failed`, `config.secret`, `interrupted`.
 */
export async function pushJeedomStatus(options: JeedomOptions, status: JeedomStatus, signal: AbortSignal): Promise<void> {
  if (options.status === undefined) return
  await sendJeedomEvent({ url: options.url, apiKey: await resolveSecret(options.apiKey, signal) }, options.status, JSON.stringify(status), signal)
}
