/** One request carries so much: small enough for proxies with a limit, and little is sent again after a break. */
const pieceBytes = 8 * 1024 * 1024

/** The next piece of a file that goes to the server, from where that has got so far; undefined once all is there. */
export function nextPiece(sizeBytes: number, receivedBytes: number): { readonly from: number; readonly to: number } | undefined {
  return receivedBytes >= sizeBytes ? undefined : { from: receivedBytes, to: Math.min(sizeBytes, receivedBytes + pieceBytes) }
}

/** How long is waited before the nth try; undefined: it is given up until somebody asks for it. */
export function waitBeforeTry(tries: number): number | undefined {
  return tries > 8 ? undefined : Math.min(30_000, 500 * 2 ** tries)
}

/** By what a file is known again when it is chosen a second time. */
export function fileMark({ name, size, lastModified }: { readonly name: string; readonly size: number; readonly lastModified: number }): string {
  return `${size} ${lastModified} ${name}`
}
