import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { isIP } from 'node:net'
import { once } from 'node:events'
import type { Server as NodeServer } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { AppError, messageOf, systemCode } from '../../kit/app-error.ts'
import type { Server } from '../server.ts'
import { httpApp } from './http-app.ts'
import { isLoopback, parseAddress } from './listen-address.ts'
import { routes } from '../routes/routes.ts'
import { WebFiles } from './web-files.ts'

/** So long a browser's open streams have to end when the server stops. */
const closeWithinMs = 2000

/**
 * Listens for browsers and programs. Beyond this machine only once there is an account: else whoever comes first would make one.
 * @throws AppError `server.listen`, `access.setup`.
 */
export async function listen(server: Server, address: string): Promise<AsyncDisposable & { readonly url: string; readonly port: number }> {
  const { host, port } = parseAddress(address)
  const { tls, basePath } = server.options
  if (!isLoopback(host) && !await server.access.hasAccounts()) {
    throw new AppError('access.setup', `It does not listen on ${host} while there is no account: whoever came first would make one`, { hint: 'Make an account with "holdfast account add NAME --role admin", or listen on 127.0.0.1 first.' })
  }
  const app = httpApp(server, routes, WebFiles.open(), tls !== undefined)
  const http = createAdaptorServer({
    fetch: app.fetch,
    ...(tls === undefined ? {} : { createServer, serverOptions: { cert: readPem(tls.cert), key: readPem(tls.key), minVersion: 'TLSv1.2' as const } }),
  }) as NodeServer
  // A request that trickles in must not hold a connection for ever; an upload's pieces come in requests of their own.
  http.headersTimeout = 20_000
  http.requestTimeout = 0
  http.listen(port, host)
  try {
    await once(http, 'listening')
  } catch (cause) {
    throw new AppError('server.listen', systemCode(cause) === 'EADDRINUSE' ? `Another program listens on ${address} already` : `It cannot listen on ${address}: ${messageOf(cause)}`, { hint: 'Choose another address with --listen, or end the other program.', cause })
  }
  const bound = http.address()
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port
  return {
    port: actual,
    url: `${tls === undefined ? 'http' : 'https'}://${isIP(host) === 6 ? `[${host}]` : host}:${actual}${basePath}`,
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close')
      http.close()
      http.closeIdleConnections()
      const timer = setTimeout(() => http.closeAllConnections(), closeWithinMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new AppError('server.listen', `${path} cannot be read: ${messageOf(cause)}`, { hint: 'Correct server: {tls: {cert, key}} in holdfast.yaml.', cause })
  }
}
