import { spawn } from 'node:child_process'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { ownProgram } from '../../kit/own-program.ts'
import { guardReady } from './guard-ready.ts'

const readyWithinMs = 30_000

/** What a guard needs of our environment; it starts no program. */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_COMPILE_CACHE', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_']

/**
 * Starts `holdfast guard RECORD` in a session of its own, so that neither a closing terminal nor a signal to our group reaches
 * it. It holds the other end of a pipe of ours, which the kernel closes however we end.
 *
 * @throws AppError `containers.guard` where it does not say in time that it watches; `interrupted`.
 */
export async function startGuard(record: string, signal: AbortSignal): Promise<{ end(): void }> {
  const { command, args } = ownProgram()
  const env = Object.fromEntries(passedOn.flatMap((name) => process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  const child = spawn(command, [...args, 'guard', record], { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'], env })
  let said = ''
  let complained = ''
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new AppError('containers.guard', `Nothing was stopped, because the process that would start it again after a crash could not be started: ${why}`, { hint: 'See that memory and processes are left, and that the state folder can be read.' }))
      const timer = setTimeout(() => fail(`it was not ready within ${readyWithinMs / 1000} seconds`), readyWithinMs)
      const aborted = (): void => reject(new AppError('interrupted', 'The run was interrupted', { cause: signal.reason }))
      signal.addEventListener('abort', aborted, { once: true })
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
      }
      child.once('error', (error) => { settle(); fail(messageOf(error)) })
      child.once('exit', (status, by) => { settle(); fail(complained.trim() === '' ? `it ended at once (${status ?? by ?? ''})` : complained.trim().slice(0, 500)) })
      child.stderr.setEncoding('utf8').on('data', (text: string) => { if (complained.length < 4096) complained += text })
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (!said.includes(guardReady)) return
        settle()
        resolve()
      })
      child.stdin.on('error', () => undefined)
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  child.stdout.destroy()
  child.stderr.destroy()
  // It must not keep us alive; that we live keeps it waiting.
  child.unref()
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  return { end: () => void child.stdin.end() }
}
