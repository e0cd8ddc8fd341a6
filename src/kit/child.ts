import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { AppError, systemCode } from './app-error.ts'
import { LineSplitter } from './line-splitter.ts'

export type ChildOptions = {
  signal: AbortSignal
  cwd?: string
  /** Added to a small inherited set (PATH, HOME, LANG, TZ, …); the rest of our own environment is not passed on. */
  env?: Record<string, string>
  /** Written to the child's standard input, which is then closed; without it stdin is empty. */
  stdin?: AsyncIterable<Uint8Array> | Uint8Array
  /** Ends the whole process group after this long. */
  timeoutMs?: number
  onStderrLine?: (line: string) => void
  /** How long after SIGTERM the group gets SIGKILL. */
  killAfterMs?: number
  /** Open descriptors that the child gets as its 3, 4, …; the caller closes its own. */
  inherit?: readonly number[]
}


const inherited = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'TERM']

/** The environment that children get: a small inherited set and what is given. */
function childEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of inherited) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, ...extra }
}

/**
 * Starts a program in a process group of its own and streams its standard output.
 * `stdout` ends normally only after the program has exited with status 0, so that a consumer that reads to the
 * end has whole output; otherwise it throws. Leaving the loop early, a cancel and a time limit end the whole group.
 *
 * @throws AppError `process.missing` (no such program), `process.failed` (status, signal, last stderr lines),
 *   `process.timeout`, `interrupted` (cancelled).
 */
export async function* childOutput(command: string, args: readonly string[], options: ChildOptions): AsyncGenerator<Uint8Array, void, undefined> {
  options.signal.throwIfAborted()
  const tail: string[] = []
  const stderr = new LineSplitter((line) => {
    tail.push(line)
    if (tail.length > 8) tail.shift()
    options.onStderrLine?.(line)
  })
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: childEnvironment(options.env),
    detached: true,
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(options.inherit ?? [])],
  })
  let failure: AppError | undefined
  const closed = new Promise<void>((resolve) => {
    child.once('error', (cause) => {
      failure ??= new AppError(systemCode(cause) === 'ENOENT' ? 'process.missing' : 'process.failed', `${command} could not be started`, {
        hint: `Install the package that brings ${command}, or correct the path.`,
        cause,
      })
      if (child.pid === undefined) resolve()
    })
    child.once('close', () => resolve())
  })
  let timedOut = false
  const end = (): void => endGroup(child, options.killAfterMs ?? 5000)
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => { timedOut = true; end() }, options.timeoutMs)
  options.signal.addEventListener('abort', end, { once: true })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.write(text))
  const feeding = feed(child, options.stdin).catch((cause: unknown) => {
    failure ??= cause instanceof AppError ? cause : new AppError('process.failed', `${command} could not be given its input`, { cause })
    end()
  })
  let drained = false
  try {
    if (child.stdout !== null) for await (const bytes of child.stdout) yield bytes as Buffer
    drained = true
  } finally {
    if (!drained) end()
    await closed
    await feeding
    clearTimeout(timer)
    options.signal.removeEventListener('abort', end)
    stderr.end()
  }
  if (options.signal.aborted) throw new AppError('interrupted', `${command} was interrupted`, { cause: options.signal.reason })
  if (timedOut) {
    throw new AppError('process.timeout', `${command} did not finish within ${(options.timeoutMs ?? 0) / 1000} seconds and was ended`, { hint: 'Raise its time limit, or find out what it waits for.' })
  }
  const status = child.signalCode ?? child.exitCode
  if (failure !== undefined && child.pid === undefined) throw failure
  if (status !== 0) {
    throw new AppError('process.failed', `${command} failed (${typeof status === 'number' ? `status ${status}` : status})${tail.length > 0 ? `: ${tail.join(' | ')}` : ''}`, failure === undefined ? {} : { cause: failure })
  }
  if (failure !== undefined) throw failure
}

/**
 * Runs a program to its end and gives what it printed, at most `maxBytes` of it.
 * @throws as childOutput; `process.failed` when it prints more.
 */
export async function childText(command: string, args: readonly string[], options: ChildOptions & { maxBytes?: number }): Promise<string> {
  const maxBytes = options.maxBytes ?? 16 * 1024 * 1024
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const bytes of childOutput(command, args, options)) {
    sizeBytes += bytes.length
    if (sizeBytes > maxBytes) throw new AppError('process.failed', `${command} printed more than ${maxBytes} bytes`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}

async function feed(child: ChildProcess, stdin: ChildOptions['stdin']): Promise<void> {
  const input = child.stdin
  if (input === null || stdin === undefined) return
  let broken: Error | undefined
  // A child that ends without reading all is judged by its exit status, not by EPIPE.
  input.on('error', (error: Error) => { broken = error })
  const chunks = stdin instanceof Uint8Array ? [stdin] : stdin
  try {
    for await (const bytes of chunks) {
      // Node takes the input away when the child ends, which is told only once.
      if (broken !== undefined || input.destroyed) return
      if (!input.write(bytes)) await roomIn(input)
    }
    input.end()
  } catch (error) {
    // Without this the child would take the cut input for the whole.
    input.destroy()
    throw error
  }
}

/** Resolves when the stream takes more or is gone; leaves no listener behind, however often it is asked. */
async function roomIn(input: Writable): Promise<void> {
  const ended = new AbortController()
  await Promise.race([once(input, 'drain', { signal: ended.signal }), once(input, 'close', { signal: ended.signal })]).catch(() => undefined)
  ended.abort()
}

function endGroup(child: ChildProcess, killAfterMs: number): void {
  if (child.pid === undefined) return
  const group = -child.pid
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(group, signal)
    } catch {
      // ESRCH: the group is already gone, which is what was wanted.
    }
  }
  send('SIGTERM')
  setTimeout(() => send('SIGKILL'), killAfterMs).unref()
}
