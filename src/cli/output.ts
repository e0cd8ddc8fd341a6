import { resolve } from 'node:path'
import { printable } from '../kit/printable.ts'
import { shellQuote } from '../kit/shell-quote.ts'
import { AppError } from '../kit/app-error.ts'
import { exitStatusOf } from '../kit/error-codes.ts'

/** How a command speaks: results on standard output — one JSON value with `--json` —, everything else on standard error. */
export class Output {
  readonly json: boolean
  readonly color: boolean
  readonly #given: string
  #givenToRestore = ''

  constructor(options: { json: boolean; config?: string | undefined; state?: string | undefined }) {
    this.json = options.json
    this.#given = (['config', 'state'] as const).map((name) => options[name] === undefined ? '' : `--${name} ${shellQuote(resolve(options[name]))} `).join('')
    this.color = process.stderr.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
  }

  /** The command's result: `value` for machines, `text` for people. */
  result(value: unknown, text: () => string): void {
    const shown = this.json ? JSON.stringify(value, jsonValue, 2) : text()
    if (shown !== '') process.stdout.write(`${shown}\n`)
  }

  /** A line for people; nothing with `--json`. */
  say(line: string): void {
    if (!this.json) process.stderr.write(`${line}\n`)
  }

  /** Options, quoted for a shell, that a command to finish or undo this restore needs as well. Never a secret. */
  giveToRestore(options: string): void {
    this.#givenToRestore = options
  }

  /** A text in which commands that finish or undo a restore get the configuration and state that this one was given. */
  withGiven(text: string): string {
    return text.replaceAll('"holdfast restore --', () => `"holdfast ${this.#given}restore ${this.#givenToRestore}--`)
  }

  /** The error as people or machines read it; gives the exit status. */
  fail(error: unknown): number {
    const known = error instanceof AppError ? error : new AppError('internal', error instanceof Error ? error.message : String(error), { hint: 'Please report this.', cause: error })
    const hint = known.hint === undefined ? undefined : this.withGiven(known.hint)
    if (this.json) {
      process.stdout.write(`${JSON.stringify({ error: { code: known.code, message: known.message, ...(hint === undefined ? {} : { hint }), because: causes(known) } }, jsonValue, 2)}\n`)
    } else {
      // Only of the configuration is a piece of several lines shown; elsewhere a line end is part of a hostile name.
      const safe = known.code.startsWith('config.') ? safeLines : printable
      process.stderr.write(`${this.paint('red', 'error:')} ${safe(known.message)} [${known.code}]\n`)
      for (const cause of causes(known)) process.stderr.write(`${this.paint('dim', 'because:')} ${printable(cause)}\n`)
      if (hint !== undefined) process.stderr.write(`${this.paint('dim', 'what to do:')} ${safe(hint)}\n`)
      if (known.code === 'internal' && known.cause instanceof Error) process.stderr.write(`${known.cause.stack ?? ''}\n`)
    }
    return exitStatusOf(known.code)
  }

  paint(style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
    const code = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }[style]
    return this.color ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}

/** What lies behind an error, where its own sentence does not say it. A parser's words may quote a secret: those of the configuration stay inside. */
function causes(error: AppError): readonly string[] {
  const found: string[] = []
  if (error.code.startsWith('config.')) return found
  for (let cause: unknown = error.cause; cause instanceof Error && found.length < 3; cause = cause.cause) {
    const told = [error.message, ...found].some((sentence) => sentence.includes(cause.message))
    if (!told && cause.message !== '') found.push(cause.message)
  }
  return found
}

/** Columns of equal width, for people; names in them are made safe for terminals. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(printable))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines.map((line) => line.map((cell, column) => column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}

function safeLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
