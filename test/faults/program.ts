import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectFolder } from '../../scripts/project-folder.ts'

export type Ended = { readonly status: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string }

/** Where the run is to be killed: at a system call of any of its threads, or a moment after its journal tells a phase. */
export type KillPoint =
  | { readonly kind: 'call'; readonly call: string; readonly nth: number }
  | { readonly kind: 'phase'; readonly phase: string; readonly delayMs: number }

export type ProgramOptions = {
  readonly env?: Record<string, string>
  readonly uid?: number
  readonly gid?: number
  /** Seen as soon as it has started; how a test meddles with it. */
  readonly onStart?: (child: ChildProcess) => void
  readonly killAt?: KillPoint
  /** Writes every call of these names to a file, a line each with the thread's number first. */
  readonly profile?: { readonly calls: readonly string[]; readonly file: string }
}

const giveUpMs = 120_000

/** Holdfast as its launcher starts it, with a state folder of its own; what it prints and how it ended. */
export class Program {
  readonly folder: string
  readonly state: string
  readonly temporary: string

  /** `folder` has, or gets, `state` and `tmp`. */
  constructor(folder: string, state: string = join(folder, 'state')) {
    this.folder = folder
    this.state = state
    this.temporary = join(folder, 'tmp')
  }

  async run(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', join(projectFolder, 'src/cli/main.ts'), ...args]
    const [command = '', ...rest] = [...tracer(options), ...node]
    const child = spawn(command, rest, {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'] ?? '', HOME: this.folder, TMPDIR: this.temporary, HOLDFAST_STATE: this.state, TZ: 'UTC',
        // Another user may not write it, and needs none.
        ...(options.uid === undefined ? { NODE_COMPILE_CACHE: join(this.folder, 'compiled') } : {}),
        // One thread beside the main one, so that the count of a call is the same in every run.
        ...(command === 'strace' ? { UV_THREADPOOL_SIZE: '1' } : {}),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', (cause) => reject(new Error(`${command} could not be started${command === 'strace' ? ' (Debian package strace)' : ''}`, { cause })))
      child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
    })
    const timer = setTimeout(() => killGroup(child), giveUpMs)
    const watched = options.killAt?.kind === 'phase' ? killAtPhase(child, this.state, options.killAt) : undefined
    options.onStart?.(child)
    try {
      return await ended
    } finally {
      clearTimeout(timer)
      watched?.close()
      // What a killed tracer has left.
      killGroup(child)
    }
  }

  /** As `run` with `--json`: what it printed, parsed. @throws Error where that is no JSON. */
  async json(args: readonly string[], options: ProgramOptions = {}): Promise<Ended & { readonly value: unknown }> {
    const ended = await this.run([...args, '--json', '--no-ask'], options)
    try {
      return { ...ended, value: JSON.parse(ended.stdout) }
    } catch (cause) {
      throw new Error(`${args.join(' ')} printed no JSON (status ${ended.status}, ${ended.signal}): ${ended.stdout.slice(0, 500)} ${ended.stderr.slice(0, 2000)}`, { cause })
    }
  }

  /** The journals of all runs, by name and so by time. */
  journals(): readonly string[] {
    return journals(this.state)
  }

  /** What lies in the folders for temporary files. */
  leftInTemporaries(app: string): readonly string[] {
    return [this.temporary, join(this.state, app, 'tmp')].flatMap((folder) => existsSync(folder) ? readdirSync(folder) : [])
  }

  /** The kinds and phases that the newest journal tells, in order. */
  newestPhases(): readonly string[] {
    const newest = journals(this.state).at(-1)
    return newest === undefined ? [] : phasesIn(newest)
  }
}

/** Its threads, and not the programs that it starts (`-b execve`): its guard above all is not the one to be killed. */
function tracer({ killAt, profile }: ProgramOptions): readonly string[] {
  if (profile !== undefined) return ['strace', '-f', '-b', 'execve', '-qq', '-e', 'signal=none', '-s', '4096', '-e', `trace=${profile.calls.join(',')}`, '-o', profile.file]
  if (killAt?.kind !== 'call') return []
  return ['strace', '-f', '-b', 'execve', '-qq', '-e', 'signal=none', '-e', `trace=${killAt.call}`, '-e', `inject=${killAt.call}:signal=KILL:when=${killAt.nth}`, '-o', '/dev/null']
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: all of it has ended.
  }
}

function killAtPhase(child: ChildProcess, state: string, { phase, delayMs }: Extract<KillPoint, { kind: 'phase' }>): { close(): void } {
  const before = new Set(journals(state))
  let seen = false
  const look = async (): Promise<void> => {
    if (seen || !journals(state).some((file) => !before.has(file) && phasesIn(file).includes(phase))) return
    seen = true
    await sleep(delayMs)
    child.kill('SIGKILL')
  }
  const timer = setInterval(() => { look().catch(() => undefined) }, 3)
  return { close: () => clearInterval(timer) }
}

function journals(state: string): string[] {
  try {
    return readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ndjson')).map((name) => join(state, name)).sort()
  } catch {
    return []
  }
}

function phasesIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/"type":"run\.(?:phase","phase":"([a-z-]+)"|(started|finished)")/g)].map(([, phase, edge]) => phase ?? edge ?? '')
}
