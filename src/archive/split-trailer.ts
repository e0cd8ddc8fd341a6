import type { Member } from './format.ts'
import type { Spool } from './spool.ts'
import { makeTrailer, manifestName, recordsName, spoolContent, trailerPart } from './trailer.ts'
import type { Trailer } from './trailer.ts'

type Held = { readonly entry: Member; readonly spool: Spool; readonly id: string }

/**
 * Passes on the members of an archive but its last two, which become the trailer. An application's own files that look
 * like those (an older restore by hand left them) are passed on, as what counts is that nothing follows.
 * The generator's result is the trailer, or undefined where there is none.
 */
export async function* splitTrailer(members: AsyncIterable<Member>, signal: AbortSignal, tempFolder: string | undefined): AsyncGenerator<Member, Trailer | undefined, undefined> {
  let held: Held[] = []
  try {
    for await (const entry of members) {
      const part = entry.open === undefined ? undefined : trailerPart(entry.path)
      const [first, second] = held
      const goesOn = part !== undefined && (first === undefined ? part.name === recordsName : second === undefined && part.name === manifestName && part.id === first.id)
      if (!goesOn) {
        yield* release(held)
        held = []
      }
      if (part !== undefined && (goesOn || part.name === recordsName)) held.push({ entry, spool: await spoolContent(entry, signal, tempFolder), id: part.id })
      else yield entry
    }
    const [first, second] = held
    if (first === undefined || second === undefined) {
      yield* release(held)
      held = []
      return undefined
    }
    const trailer = await makeTrailer(first.id, first.spool, second.spool)
    second.spool[Symbol.dispose]()
    held = []
    return trailer
  } finally {
    for (const { spool } of held) spool[Symbol.dispose]()
  }
}

function* release(held: readonly Held[]): Generator<Member, void, undefined> {
  for (const { entry: { readWhole: _, ...entry }, spool } of held) {
    yield { ...entry, open: () => spool.read() }
    spool[Symbol.dispose]()
  }
}
