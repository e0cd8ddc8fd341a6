import { createInterface } from 'node:readline/promises'
import { AppError } from '../kit/app-error.ts'
import { passwordSchema } from '../model/api/access.ts'
import { mayAsk } from './ask.ts'
import type { CommandContext } from './command-context.ts'

/**
 * A new password: asked for twice on a terminal, else the first line of standard input; never from the command line, where all
 * users of the machine could read it.
 * @throws AppError `usage` where there is none, or one that is too short; `interrupted`.
 */
export async function newPassword({ options, signal }: CommandContext): Promise<string> {
  const given = mayAsk(options) ? await askTwice() : await firstLine(signal)
  const parsed = passwordSchema.safeParse(given)
  if (!parsed.success) throw new AppError('usage', given === '' ? 'No password was given' : 'The password has fewer than 10 characters, or more than 1024', { hint: 'Type it on a terminal, or give it as the first line of standard input.' })
  return parsed.data
}

async function askTwice(): Promise<string> {
  const { cancel, isCancel, password } = await import('@clack/prompts')
  const ask = async (message: string): Promise<string> => {
    const answer = await password({ message, output: process.stderr })
    if (!isCancel(answer)) return answer
    cancel('Nothing was changed.', { output: process.stderr })
    throw new AppError('interrupted', 'Interrupted at a question')
  }
  const first = await ask('New password (at least 10 characters)')
  if (await ask('Once more') !== first) throw new AppError('usage', 'The two passwords differ', { hint: 'Try again.' })
  return first
}

async function firstLine(signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) return ''
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity, signal })
  try {
    for await (const line of lines) return line
    if (signal.aborted) throw new AppError('interrupted', 'Interrupted before a password was given')
    return ''
  } finally {
    lines.close()
    process.stdin.destroy()
  }
}
