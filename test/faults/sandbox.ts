import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { launcher, projectFolder } from '../e2e/machine.ts'

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string; readonly peakBytes: number; readonly seconds: number; readonly stopped: 'time' | 'memory' | undefined }

export type Limits = { readonly seconds: number; readonly peakBytes: number }

const pollMs = 10

/**
 * A folder with a live application (`target`) and canaries beside it, above it and in the folder for temporary files.
 * Holdfast runs in it with a home and a state of its own; `surroundings` are all that it must never change.
 */
export class Sandbox implements AsyncDisposable {
  readonly folder: string
  readonly target: string
  readonly temporary: string
  readonly #beside: string
  readonly #mounted: boolean

  /** With `roomMebibytes` the target and what Holdfast puts beside it have no more room than that. */
  constructor({ roomMebibytes }: { readonly roomMebibytes?: number } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'holdfast-faults-'))
    this.target = join(this.folder, 'apps', 'target')
    this.temporary = join(this.folder, 'tmp')
    // One level above the sandbox, where a long chain of `..` would lead.
    this.#beside = `${this.folder}-canary`
    writeFileSync(this.#beside, 'canary', { mode: 0o600 })
    mkdirSync(join(this.folder, 'apps'))
    this.#mounted = roomMebibytes !== undefined
    if (roomMebibytes !== undefined) mustRun('mount', ['-t', 'tmpfs', '-o', `size=${roomMebibytes}m`, 'tmpfs', join(this.folder, 'apps')])
    for (const folder of ['apps/neighbour', 'home', 'state', 'tmp', 'outside', 'outside/folder']) mkdirSync(join(this.folder, folder))
    for (const file of ['apps/neighbour/file', 'outside/file', 'outside/folder/file', 'canary', 'home/.profile']) writeFileSync(join(this.folder, file), `canary ${file}`, { mode: 0o600 })
    makeLive(this.target)
  }

  get outside(): string {
    return join(this.folder, 'outside')
  }

  get env(): Record<string, string> {
    const home = join(this.folder, 'home')
    return {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', HOME: home, TMPDIR: this.temporary,
      XDG_CONFIG_HOME: join(home, 'config'), XDG_DATA_HOME: join(home, 'data'), XDG_STATE_HOME: join(home, 'state'),
      HOLDFAST_STATE: join(this.folder, 'state'), NODE_COMPILE_CACHE: join(projectFolder, 'node_modules/.cache/holdfast-tests'),
    }
  }

  /** Runs bin/holdfast; it is ended where it takes longer or more memory than it may. */
  async holdfast(args: readonly string[], limits: Limits, env: Record<string, string> = {}): Promise<Ended> {
    const startMs = performance.now()
    // It tells its own peak at its end; what is polled meanwhile is only to end it in time.
    const peakFile = join(this.folder, 'state', 'peak')
    // Not getrusage, whose peak is that of the process it was forked from as well.
    const tellPeak = `--import=data:text/javascript,${encodeURIComponent(`import{readFileSync,writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(peakFile)},readFileSync("/proc/self/status")))`)}`
    return await new Promise((resolve, reject) => {
      const child = spawn(launcher, args, { cwd: this.folder, env: { ...this.env, NODE_OPTIONS: tellPeak, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      const said = { stdout: '', stderr: '' }
      const seen: { peakBytes: number; stopped: Ended['stopped'] } = { peakBytes: 0, stopped: undefined }
      const stop = (why: 'time' | 'memory'): void => {
        seen.stopped ??= why
        endGroup(child.pid)
      }
      const timer = setTimeout(() => stop('time'), limits.seconds * 1000)
      const poll = setInterval(() => {
        seen.peakBytes = Math.max(seen.peakBytes, peakOf(`/proc/${child.pid ?? 0}/status`))
        // Far beyond what is allowed the machine itself would suffer.
        if (seen.peakBytes > limits.peakBytes * 3) stop('memory')
      }, pollMs)
      // A flood of text must not fill our own memory.
      for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => { if (said[stream].length < 1 << 20) said[stream] += text })
      child.once('error', reject)
      child.once('close', (status) => {
        clearTimeout(timer)
        clearInterval(poll)
        if (seen.stopped === undefined) seen.peakBytes = Math.max(seen.peakBytes, peakOf(peakFile))
        resolve({ status, ...said, ...seen, seconds: (performance.now() - startMs) / 1000 })
      })
    })
  }

  /** All that lies in and beside the sandbox, with its metadata and a hash of its content, but for what Holdfast may write. */
  surroundings(): ReadonlyMap<string, string> {
    const allowed = new Set([this.target, join(this.folder, 'apps', '.target.holdfast'), join(this.folder, 'state'), join(this.folder, 'home', 'state')])
    const found = describe(this.folder, (path) => !allowed.has(path))
    found.set('beside', lineOf(this.#beside))
    return found
  }

  live(): ReadonlyMap<string, string> {
    return describe(this.target, () => true)
  }

  /** Work folders, stages and temporary files that were left behind. */
  leftovers(): string[] {
    return [...readdirSync(this.temporary), ...readdirSync(join(this.folder, 'apps')).filter((name) => name !== 'neighbour' && name !== basename(this.target))]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#beside, { force: true })
    // Not node:fs, which fails where paths get longer than the system allows.
    if (this.#mounted) mustRun('umount', [join(this.folder, 'apps')])
    mustRun('rm', ['-rf', this.folder])
  }
}

/** A path with its kind, mode, owner, times and content in one line; folders' times tell of names that came and went. */
function lineOf(path: string): string {
  const stat = lstatSync(path, { bigint: true })
  const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : stat.isSymbolicLink() ? readlinkSync(path) : ''
  return [stat.mode.toString(8), stat.uid, stat.gid, stat.isDirectory() ? '' : stat.size, stat.mtimeNs, stat.nlink, content].join(' ')
}

export function describe(root: string, wanted: (path: string) => boolean): Map<string, string> {
  const lines = new Map<string, string>()
  const visit = (path: string): void => {
    // Holdfast makes and removes its own folders in some of them, so that their own times and counts of links may change.
    const line = lineOf(path)
    lines.set(path, lstatSync(path).isDirectory() ? line.split(' ').slice(0, 3).join(' ') : line)
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path).toSorted()) if (wanted(join(path, name))) visit(join(path, name))
  }
  visit(root)
  return lines
}

/** What differs between two listings. */
export function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])]
  return paths.filter((path) => before.get(path) !== after.get(path)).map((path) => `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}`)
}

function makeLive(target: string): void {
  mkdirSync(join(target, 'folder'), { recursive: true })
  for (const file of ['index.php', 'folder/data']) writeFileSync(join(target, file), `live ${file}`, { mode: 0o640 })
}

function mustRun(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
}

function peakOf(statusFile: string): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(statusFile, 'utf8'))?.[1]
    return Number(kibibytes ?? 0) * 1024
  } catch {
    // It has just ended.
    return 0
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
