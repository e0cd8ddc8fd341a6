import { spawn } from 'node:child_process'

export type Answer = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

type ProgramOptions = { readonly cwd?: string; readonly env?: Record<string, string>; readonly stdin?: string; readonly uid?: number; readonly gid?: number; readonly started?: (pid: number) => void }

/** Runs a program to its end, without a terminal, and gives what it said whatever its status. */
export async function answerOf(command: string, args: readonly string[], { stdin, started, ...options }: ProgramOptions = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => { said.stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { said.stderr += text })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, ...said }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? '')
    if (child.pid !== undefined) started?.(child.pid)
  })
}

/** Runs a program that must succeed; where it is missing the test fails and names the Debian package. */
export async function program(command: string, debianPackage: string, args: readonly string[], options: ProgramOptions = {}): Promise<Answer> {
  const answer = await answerOf(command, args, options).catch((cause: unknown) => {
    throw new Error(`${command} is missing: apt-get install ${debianPackage}`, { cause })
  })
  if (answer.status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${answer.status}):\n${answer.stdout}${answer.stderr}`)
  return answer
}
