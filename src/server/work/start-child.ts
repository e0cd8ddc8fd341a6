import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { ownProgram } from '../../kit/own-program.ts'

export type ChildEnd = { readonly status: number | undefined; readonly signal: string | undefined; readonly stdout: string; readonly stderr: string }

/** More than the longest answer of a command; what comes after it is dropped, and the answer with it. */
const mostBytes = 64 * 1024 * 1024
const tailLength = 4000

/**
 * Starts this program once more for one piece of work, in a process group of its own: it lives on when the server is killed,
 * and its journal tells the server that comes after.
 */
export function startChild(args: readonly string[]): { readonly child: ChildProcess; readonly end: Promise<ChildEnd> } {
  const own = ownProgram()
  const child = spawn(own.command, [...own.args, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
  const parts: Buffer[] = []
  let sizeBytes = 0
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => {
    sizeBytes += bytes.length
    if (sizeBytes <= mostBytes) parts.push(bytes)
    else parts.length = 0
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-tailLength)
  })
  const end = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => resolve({ status: undefined, signal: undefined, stdout: '', stderr: error.message }))
    child.once('close', (status, signal) => resolve({ status: status ?? undefined, signal: signal ?? undefined, stdout: Buffer.concat(parts).toString('utf8'), stderr }))
  })
  return { child, end }
}
