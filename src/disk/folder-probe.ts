import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Turns } from '../kit/turns.ts'

type Question = { readonly child: ChildProcess; readonly answer: Promise<unknown>; readonly askedMs: number }

/** A disk that sleeps takes some seconds to begin to turn. */
const standardLimitMs = 30_000
/** Hundreds of applications that share a place ask for it one after the other. */
const answerKeptMs = 5000
/** So many are waited for at once: each is a process or two. */
const askedAtOnce = 16
// The space of a network mount is asked of its server, its names may be known; of a disk it is the other way round. That there is none is an answer.
const script = 'stat -f -- "$1"; ls -f -- "$1"'

/**
 * Whether folders answer at all. A network mount whose server is gone, or a dying disk, holds whoever asks anything of it, perhaps for
 * ever; so a process of its own asks, and nothing of ours hangs with it. One that has not answered is not asked again before it has.
 */
export class FolderProbe implements Disposable {
  readonly #limitMs: number
  readonly #answerKeptMs: number
  readonly #command: readonly [string, ...string[]]
  readonly #open = new Map<string, Question>()
  readonly #answeredMs = new Map<string, number>()
  readonly #turns = new Turns(askedAtOnce)

  /** `command` gets the folder as its last argument; its end, however it ends, is the answer. */
  constructor({ limitMs = standardLimitMs, keptMs = answerKeptMs, command = ['/bin/sh', '-c', script, 'sh'] }: { readonly limitMs?: number; readonly keptMs?: number; readonly command?: readonly [string, ...string[]] } = {}) {
    this.#limitMs = limitMs
    this.#answerKeptMs = keptMs
    this.#command = command
  }

  /** False where the folder has not answered in time, at once where it has not since it was asked last. */
  async answers(folder: string): Promise<boolean> {
    if (this.#isLate(folder)) return false
    using _turn = await this.#turns.take()
    if (performance.now() - (this.#answeredMs.get(folder) ?? Number.NEGATIVE_INFINITY) < this.#answerKeptMs) return true
    const { answer, askedMs } = this.#open.get(folder) ?? this.#ask(folder)
    using waiting = new Waiting()
    const leftMs = Math.max(0, askedMs + this.#limitMs - performance.now())
    return await Promise.race([answer.then(() => true), sleep(leftMs, false, { signal: waiting.signal }).catch(() => false)])
  }

  /** Questions that are open are given up. */
  [Symbol.dispose](): void {
    for (const { child } of this.#open.values()) child.kill('SIGKILL')
  }

  #isLate(folder: string): boolean {
    const askedMs = this.#open.get(folder)?.askedMs
    return askedMs !== undefined && performance.now() - askedMs >= this.#limitMs
  }

  #ask(folder: string): Question {
    const [program, ...args] = this.#command
    const child = spawn(program, [...args, folder], { stdio: 'ignore', cwd: '/', env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' } })
    // What hangs there must not keep us from ending.
    child.unref()
    // Where no process can be made nothing is known, and the folder is asked by whoever wants something of it.
    const answer = once(child, 'exit').catch(() => undefined).finally(() => {
      this.#open.delete(folder)
      this.#answeredMs.set(folder, performance.now())
    })
    const question = { child, answer, askedMs: performance.now() }
    this.#open.set(folder, question)
    return question
  }
}

class Waiting extends AbortController implements Disposable {
  [Symbol.dispose](): void {
    this.abort()
  }
}
