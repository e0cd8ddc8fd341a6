import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { LineSplitter } from '../../kit/line-splitter.ts'
import type { Container } from './container.ts'
import { demultiplex } from './demultiplex.ts'

export type ExecOptions = {
  readonly signal: AbortSignal
  /** What the script itself reads first from its input, line by line: so secrets are in no argument and no environment. */
  readonly head?: string
  /** Written to its input then, after which that ends; without it the input is empty. */
  readonly stdin?: AsyncIterable<Uint8Array> | Uint8Array
  readonly onStderrLine?: (line: string) => void
  readonly user?: string
  /** Ends the process after this long. */
  readonly timeoutMs?: number
}

const createdSchema = z.object({ Id: z.string().min(1) })
const stateSchema = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() })

const pidMark = 'holdfast-process '

/**
 * Runs a shell script in a container and streams what it prints; it ends normally only after exit status 0. `args` are `$1`,
 * `$2`, …. Leaving the loop early, a cancel and a time limit end the process in the container too.
 *
 * @throws AppError `containers.exec` (status and last lines), `process.timeout`, `interrupted`, `containers.*`.
 */
export async function* execOutput(container: Container, script: string, args: readonly string[], options: ExecOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { engine, id, name } = container
  const input = wholeInput(options)
  const { Id: exec } = await engine.json('POST', `/containers/${encodeURIComponent(id)}/exec`, createdSchema, {
    signal: options.signal,
    body: { AttachStdin: input !== undefined, AttachStdout: true, AttachStderr: true, Tty: false, DetachKeys: '', ...(options.user === undefined ? {} : { User: options.user }), Cmd: ['sh', '-c', `echo "${pidMark}$$" >&2\n${script}`, 'sh', ...args] },
  })
  const { socket, first } = await engine.upgrade(`/exec/${exec}/start`, { signal: options.signal, body: { Detach: false, Tty: false } })
  const tail: string[] = []
  let pid: string | undefined
  const begun = Promise.withResolvers<void>()
  socket.once('close', () => begun.resolve())
  const stderr = new LineSplitter((line) => {
    if (pid === undefined && line.startsWith(pidMark)) {
      pid = line.slice(pidMark.length)
      begun.resolve()
      return
    }
    tail.push(line)
    if (tail.length > 8) tail.shift()
    options.onStderrLine?.(line)
  })
  const ending: { timedOut: boolean; done?: Promise<void>; failure?: AppError } = { timedOut: false }
  const end = (): void => {
    ending.done ??= endProcess(container, pid).finally(() => socket.destroy())
  }
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => { ending.timedOut = true; end() }, options.timeoutMs)
  options.signal.addEventListener('abort', end, { once: true })
  if (options.signal.aborted) end()
  // Only a process that we can end may get input: cut input must not be taken for the whole.
  const feeding = begun.promise.then(async () => await feed(socket, input)).catch((cause: unknown) => {
    ending.failure ??= cause instanceof AppError ? cause : new AppError('containers.exec', `A process in ${name} could not be given its input`, { cause })
    end()
  })
  const decoder = new TextDecoder()
  let drained = false
  try {
    for await (const { stream, bytes } of demultiplex(incoming(socket, first))) {
      if (stream === 'stdout') yield bytes
      else stderr.write(decoder.decode(bytes, { stream: true }))
    }
    drained = true
  } catch (error) {
    if (ending.done === undefined) throw error instanceof AppError ? error : new AppError('containers.unreachable', `The connection to a process in ${name} was lost: ${messageOf(error)}`, { cause: error })
  } finally {
    if (!drained) end()
    clearTimeout(timer)
    options.signal.removeEventListener('abort', end)
    if (drained) socket.destroy()
    await ending.done
    await feeding
    stderr.end()
  }
  if (options.signal.aborted) throw new AppError('interrupted', `A process in ${name} was interrupted`, { cause: options.signal.reason })
  if (ending.timedOut) throw new AppError('process.timeout', `A process in ${name} did not finish within ${(options.timeoutMs ?? 0) / 1000} seconds and was ended`)
  if (ending.failure !== undefined) throw ending.failure
  const status = await exitStatus(container, exec, options.signal)
  if (status !== 0) throw new AppError('containers.exec', `A process in ${name} failed (status ${status})${tail.length > 0 ? `: ${tail.join(' | ')}` : ''}`)
}

/** As `execOutput`; gives what it printed, at most 16 MiB of it. */
export async function execText(container: Container, script: string, args: readonly string[], options: ExecOptions): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const bytes of execOutput(container, script, args, options)) {
    sizeBytes += bytes.length
    if (sizeBytes > 16 * 1024 * 1024) throw new AppError('containers.exec', `A process in ${container.name} printed more than 16 MiB`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Without a status nothing shows that the output is whole. */
async function exitStatus(container: Container, exec: string, signal: AbortSignal): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { Running, ExitCode } = await container.engine.json('GET', `/exec/${exec}/json`, stateSchema, { signal })
    if (!Running && ExitCode !== undefined && ExitCode !== null) return ExitCode
    await sleep(50)
  }
  throw new AppError('containers.exec', `The container engine does not tell how a process in ${container.name} ended`)
}

/** An engine lets a process go on whose caller has gone. */
async function endProcess(container: Container, pid: string | undefined): Promise<void> {
  if (pid === undefined || !/^\d+$/.test(pid)) return
  const { engine, id } = container
  const call = { signal: new AbortController().signal, limitMs: 10_000 }
  try {
    const { Id } = await engine.json('POST', `/containers/${encodeURIComponent(id)}/exec`, createdSchema, { ...call, body: { AttachStdin: false, AttachStdout: false, AttachStderr: false, Cmd: ['sh', '-c', `kill -TERM ${pid}; for i in 1 2 3 4 5 6; do sleep 0.5; kill -0 ${pid} || exit 0; done; kill -KILL ${pid}`] } })
    await engine.call('POST', `/exec/${Id}/start`, { ...call, body: { Detach: true, Tty: false } })
  } catch {
    // The container has just ended, and the process with it; or the engine is gone, which whoever cancelled learns by itself.
  }
}

async function* incoming(socket: Socket, first: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first
  for await (const bytes of socket) yield bytes as Buffer
}

function wholeInput({ head, stdin }: ExecOptions): AsyncIterable<Uint8Array> | undefined {
  if (head === undefined && stdin === undefined) return undefined
  return (async function* () {
    if (head !== undefined) yield Buffer.from(head)
    if (stdin instanceof Uint8Array) yield stdin
    else if (stdin !== undefined) yield* stdin
  })()
}

async function feed(socket: Socket, input: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  let gone = false
  // A process that ends without reading all is judged by its exit status.
  socket.on('error', () => { gone = true })
  socket.on('close', () => { gone = true })
  if (input === undefined) return
  for await (const bytes of input) {
    if (gone || socket.destroyed) return
    if (!socket.write(bytes)) await new Promise<void>((resolve) => {
      const go = (): void => {
        for (const name of ['drain', 'close', 'error'] as const) socket.off(name, go)
        resolve()
      }
      for (const name of ['drain', 'close', 'error'] as const) socket.once(name, go)
      if (socket.destroyed) go()
    })
  }
  // Only this side: the output is still to come.
  socket.end()
}
