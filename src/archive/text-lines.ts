import { damaged } from './damaged.ts'

// The record of a file in very many pieces; nothing else comes near.
const longestLine = 64 * 1024 * 1024

/** Lines of a UTF-8 text, without their ends. @throws AppError `archive.damaged` for a line without an end, or without measure. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  for await (const lines of lineBatches(chunks)) yield* lines
}

/** The same, those of a chunk together: waiting for each line takes longer than reading it. @throws as textLines. */
export async function* lineBatches(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[], void, undefined> {
  let parts: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    const lines: string[] = []
    let at = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
      const last = chunk.subarray(at, end)
      lines.push(parts.length === 0 ? Buffer.from(last.buffer, last.byteOffset, last.length).toString('utf8') : Buffer.concat([...parts, last]).toString('utf8'))
      parts = []
      heldBytes = 0
      at = end + 1
    }
    if (lines.length > 0) yield lines
    if (at === chunk.length) continue
    parts.push(Uint8Array.from(chunk.subarray(at)))
    heldBytes += chunk.length - at
    if (heldBytes > longestLine) throw damaged('a line of its records has no end')
  }
  if (parts.length > 0) throw damaged('its records end within a line')
}
