import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { hideSecrets } from '../../kit/hide-secrets.ts'
import { printable } from '../../kit/printable.ts'
import type { Secret } from '../../kit/secret.ts'
import type { Notice } from '../../model/notice.ts'
import type { Notifier } from '../../model/notifier.ts'
import type { MailOptions } from './mail-options.ts'
import type { NotifierContext } from './notifier-context.ts'

const usualPorts = { tls: 465, starttls: 587, none: 25 } as const
const timeoutMs = 20_000

/** One message in plain text, by a connection of its own. It goes to the host that is named, wherever that is. */
export function mailNotifier(options: MailOptions, { readSecret }: NotifierContext): Notifier {
  return {
    async send(notice, signal) {
      const password = options.password === undefined ? undefined : await readSecret(options.password, signal)
      try {
        await sendMail(options, password, notice, signal)
      } catch (cause) {
        if (cause instanceof AppError) throw cause
        if (signal.aborted) throw new AppError('interrupted', `The mail by ${options.host} was interrupted`)
        const why = printable(hideSecrets(messageOf(cause), password === undefined ? [] : [password])).slice(0, 300)
        // Not the cause: its fields hold what was said to the server.
        throw new AppError('report.failed', `The mail server ${options.host} did not take the mail: ${why}`, { hint: 'Check host, port, security, user and password.', retry: true })
      }
    },
  }
}

async function sendMail({ host, port, security, user, ca, from, to }: MailOptions, password: Secret | undefined, notice: Notice, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  // Only who sends mail pays for it.
  const { createTransport } = await import('nodemailer')
  // A socket of ours, so that an interruption ends it at once.
  const socket = new Socket()
  // Heard also where nodemailer does not listen, before it connects and after: unheard it would end the process.
  socket.on('error', () => undefined)
  const transport = createTransport({
    socket, host, port: port ?? usualPorts[security], secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? '' } }),
    tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca: await readFile(ca) }) },
    connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs,
    disableFileAccess: true, disableUrlAccess: true,
  })
  const close = (): void => {
    socket.destroy(signal.aborted ? new Error('interrupted') : undefined)
  }
  signal.addEventListener('abort', close, { once: true })
  try {
    await transport.sendMail({
      from: { name: 'Holdfast', address: from }, to: [...to], subject: notice.title,
      text: notice.url === undefined ? `${notice.text}\n` : `${notice.text}\n\n${notice.url}\n`,
      // So that nobody's out-of-office answers it (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
      ...(notice.severity === 'failed' ? { priority: 'high' as const } : {}),
    })
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}
