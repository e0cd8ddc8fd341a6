import { printable } from '../kit/printable.ts'
import { namesSecret } from './secret-names.ts'

/** Something wrong at a place in the text: `start` and `end` are offsets in UTF-16 units. */
export type Problem = {
  readonly message: string
  readonly start: number
  readonly end: number
  /** The value that follows the place may be a secret under a key that nobody knows: it is not shown. */
  readonly hideValue?: boolean
}

const longestLine = 120

/** `line:column` of an offset, counted from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** The line of a problem with a caret below its place. Values under keys that name secrets are shown as `***`. */
export function codeFrame(text: string, { start, end, hideValue }: Problem): string {
  const lines = text.split('\n')
  const { line, column } = lineAndColumn(text, start)
  const whole = (lines[line - 1] ?? '').replace(/\r$/, '')
  const hidden = isInsideSecret(lines, line - 1) ? '***' : hideSecrets(whole)
  const cut = hideValue === true ? hideAfterKey(hidden, column - 1 + (end - start)) : hidden
  // Far to the right the line is shown from a little before the place.
  const skip = column > longestLine ? column - 40 : 0
  const shown = cut.slice(skip, skip + longestLine).replaceAll('\t', ' ')
  const caretAt = Math.max(0, Math.min(column - 1 - skip, shown.length))
  const caretLength = Math.max(1, Math.min(end - start, shown.length - caretAt))
  const number = String(line)
  return `  ${number} | ${printable(shown)}\n  ${' '.repeat(number.length)} | ${' '.repeat(caretAt)}${'^'.repeat(caretLength)}`
}

/** To the end of the line: a bare password may hold any character. */
function hideSecrets(line: string): string {
  // A forgotten colon, or the blank after it, makes a secret no less one.
  for (const match of line.matchAll(/([\w.-]+)["']?(?:[ \t]*[:=][ \t]*|[ \t]+)/g)) {
    const from = match.index + match[0].length
    if (namesSecret(match[1] ?? '') && from < line.length && !isHarmless(line.slice(from))) return `${line.slice(0, from)}***`
  }
  // The user's part of an address: `//user:password@host`.
  return line.replace(/(\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1***@')
}

/** A form that only says where a secret is. */
function isHarmless(value: string): boolean {
  return /^\{\s*(?:env|file)\s*:\s*[\w./~-]+\s*\}\s*$/.test(value) || /^(['"]?)\$\{\w+\}\1\s*$/.test(value)
}

function hideAfterKey(line: string, keyEnd: number): string {
  const rest = line.slice(keyEnd)
  const colon = /^["']?\s*:/.exec(rest)
  return colon === null || rest.length === colon[0].length ? line : `${line.slice(0, keyEnd)}${colon[0]} …`
}

/** A further line of a secret that spans several. */
function isInsideSecret(lines: readonly string[], index: number): boolean {
  let indent = indentOf(lines[index] ?? '')
  for (let above = index - 1; above >= 0 && indent > 0; above--) {
    const line = lines[above] ?? ''
    if (line.trim() === '' || indentOf(line) >= indent) continue
    indent = indentOf(line)
    const key = /^[\s-]*["']?([\w.-]+)["']?\s*:\s*(\S?)/.exec(line)
    // A folder of `env`, `file` or `command` is a reference, and these keys are shown.
    if (key !== null && namesSecret(key[1] ?? '') && (key[2] !== '' || !/^\s*(?:env|file|command)\s*:/.test(lines[index] ?? ''))) return true
  }
  return false
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
