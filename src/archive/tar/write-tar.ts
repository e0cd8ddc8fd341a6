import type { Entry } from '../../model/entry.ts'
import type { BodyChunk } from '../../model/storage.ts'
import { CompressPool } from '../compress-pool.ts'
import type { CompressResult } from '../compress-job.ts'
import type { WriteOptions } from '../format.ts'
import type { TarContainer } from './tar-container.ts'
import { blockBytes } from './tar-header.ts'
import { tarParts } from './tar-parts.ts'
import type { TarPart } from './tar-parts.ts'

type Step = { readonly part: TarPart; readonly result?: Promise<CompressResult> }

/** Writes a compressed tar: compressed by all cores, in order, with a bounded number of blocks in flight. */
export async function* writeTar(members: AsyncIterable<Entry>, options: WriteOptions, container: TarContainer): AsyncGenerator<BodyChunk, void, undefined> {
  await using pool = new CompressPool(container.chunkBytes)
  const { signal } = options
  const output = new TarOutput(container)
  yield* output.bytes(container.start())
  yield* through(tarParts(members, pool, signal), pool, output, options.onMember)
  // Here nothing is in flight: all members were read and told. Jobs share no window, so what follows is readable from here.
  options.onTrailer?.(output.position)
  yield* through(tarParts(options.trailer(), pool, signal), pool, output, () => undefined)
  const end = await pool.compress({ codec: container.codec, output: 'joined', pieces: [{ bytes: new Uint8Array(2 * blockBytes) }] })
  yield* output.block(end)
  yield* output.bytes(container.end())
}

async function* through(parts: AsyncIterable<TarPart>, pool: CompressPool, output: TarOutput, onMember: WriteOptions['onMember']): AsyncGenerator<BodyChunk, void, undefined> {
  const steps: Step[] = []
  for await (const part of parts) {
    steps.push(start(part, pool, output.codec))
    while (steps.length >= pool.inFlight) yield* finish(steps.shift(), pool, output, onMember)
  }
  while (steps.length > 0) yield* finish(steps.shift(), pool, output, onMember)
}

function start(part: TarPart, pool: CompressPool, codec: TarContainer['codec']): Step {
  if (part.kind !== 'job') return { part }
  const result = pool.compress({ codec, output: 'joined', pieces: part.pieces, ...(part.lent === undefined ? undefined : { lent: part.lent }) })
  // It is awaited in its turn; until then a failure must not count as unheeded.
  result.catch(() => undefined)
  return { part, result }
}

async function* finish(step: Step | undefined, pool: CompressPool, output: TarOutput, onMember: WriteOptions['onMember']): AsyncGenerator<BodyChunk, void, undefined> {
  if (step === undefined) return
  const { part } = step
  if (part.kind === 'held') yield* output.held(part.header)
  if (part.kind === 'patch') yield output.patch(part.header)
  if (part.kind !== 'job' || step.result === undefined) return
  const result = await step.result
  yield* output.block(result)
  // Whoever asks for more is done with the block.
  if (part.lent !== undefined) pool.takeBack(part.lent)
  for (const member of part.members(result.pieces)) onMember(member)
}

/** The bytes so far, counted, so that a patch finds its place. */
class TarOutput {
  readonly codec: TarContainer['codec']
  readonly #container: TarContainer
  #position = 0
  #heldAt = 0

  get position(): number {
    return this.#position
  }

  constructor(container: TarContainer) {
    this.#container = container
    this.codec = container.codec
  }

  *bytes(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (bytes.length === 0) return
    this.#position += bytes.length
    yield bytes
  }

  *block(result: CompressResult): Generator<Uint8Array, void, undefined> {
    this.#container.block(result)
    yield* this.bytes(result.output ?? new Uint8Array(0))
  }

  *held(header: Uint8Array): Generator<Uint8Array, void, undefined> {
    const block = this.#container.held(header)
    this.#heldAt = this.#position + block.at
    yield* this.bytes(block.bytes)
  }

  patch(header: Uint8Array): BodyChunk {
    this.#container.patched(header)
    return { at: this.#heldAt, bytes: header }
  }
}
