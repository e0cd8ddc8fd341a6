/** The same answer, which lets go of what it is read from once it has been read or given up. */
export function heldWhileRead(response: Response, held: Disposable): Response {
  if (response.body === null) {
    held[Symbol.dispose]()
    return response
  }
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
      } catch (error) {
        held[Symbol.dispose]()
        throw error
      }
      held[Symbol.dispose]()
      controller.close()
    },
    async cancel(reason) {
      held[Symbol.dispose]()
      await reader.cancel(reason)
    },
  }, { highWaterMark: 0 })
  return new Response(body, response)
}
