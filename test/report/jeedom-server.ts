import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type JeedomServer = AsyncDisposable & { readonly url: string; readonly asked: { method: string; path: string; query: Record<string, string> }[]; answer: { status: number; text: string; headers?: Record<string, string>; delayMs?: number } }

/** Stands in for a Jeedom's HTTP API: writes down what it was asked, and answers as it is told. It proves our side alone. */
export async function jeedomServer(): Promise<JeedomServer> {
  const asked: JeedomServer['asked'] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    asked.push({ method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams) })
    const { status, text, headers, delayMs = 0 } = stand.answer
    setTimeout(() => response.writeHead(status, headers).end(text), delayMs).unref()
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const stand: JeedomServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: { status: 200, text: '' },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => { server.close(resolve) })
    },
  }
  return stand
}
