import { cancel, confirm, isCancel } from '@clack/prompts'
import { AppError } from '../kit/app-error.ts'

/** Whether somebody is there to be asked: a terminal on both ends, and neither `--no-ask` nor `--json`. */
export function mayAsk(options: { ask: boolean; json: boolean }): boolean {
  return options.ask && !options.json && process.stdin.isTTY && process.stderr.isTTY
}

/** Asks for yes or no. @throws AppError `interrupted` on Ctrl-C. */
export async function askYesNo(message: string): Promise<boolean> {
  const answer = await confirm({ message, initialValue: false, output: process.stderr })
  if (isCancel(answer)) {
    cancel('Nothing was changed.', { output: process.stderr })
    throw new AppError('interrupted', 'Interrupted at a question')
  }
  return answer
}
