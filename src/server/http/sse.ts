/** One event as `text/event-stream` has it (WHATWG HTML, 9.2); `data` holds no line end. */
function sseText({ id, name, data }: { readonly id: string; readonly name: string; readonly data: string }): string {
  return `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`
}

/** A line now and then keeps proxies from taking the stream for dead. */
const aliveEveryMs = 20_000

/** Who listens comes again after this long, and is asked anew who it is: sessions end, tokens are revoked. */
const streamMs = 5 * 60_000

/** When a stream ends at the latest: with its client, with the server, or to be asked for again. */
export function streamSignal(client: AbortSignal, server: { readonly signal: AbortSignal }): AbortSignal {
  return AbortSignal.any([client, server.signal, AbortSignal.timeout(streamMs)])
}

/** An answer that goes on until the client has gone or `events` has ended. */
export function sseResponse(events: AsyncGenerator<{ readonly id: string; readonly name: string; readonly data: string }, void, undefined>): Response {
  const encoder = new TextEncoder()
  let timer: NodeJS.Timeout | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      // The browser waits so long before it comes again.
      controller.enqueue(encoder.encode('retry: 2000\n\n'))
      timer = setInterval(() => {
        // Not for one that does not read.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': alive\n\n'))
      }, aliveEveryMs)
    },
    async pull(controller) {
      const next = await events.next()
      if (next.done === true) {
        clearInterval(timer)
        controller.close()
      } else {
        controller.enqueue(encoder.encode(sseText(next.value)))
      }
    },
    async cancel() {
      clearInterval(timer)
      await events.return()
    },
  }, { highWaterMark: 16 })
  return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } })
}
