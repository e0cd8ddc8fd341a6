import { namesSecret } from './secret-names.ts'

/**
 * True where a command surely holds no secret: its words are paths, plain options, and lower-case words such as
 * `docker compose stop`. Anything else may hold one; what cannot be told is taken for one.
 */
export function isPlainCommand(command: string | readonly string[]): boolean {
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : command
  return words.every(isPlainWord) && !words.some((word) => namesSecret(word.replace(/^.*\//, '')))
}

function isPlainWord(word: string): boolean {
  // Long runs without a dot, dash or slash look like tokens: `/ping/8d5a3f…` is an address and its key.
  if (/[A-Za-z0-9]{25}/.test(word)) return false
  return /^(?:\.{0,2}\/)[\w./-]*$/.test(word) || /^-[A-Za-z]$/.test(word) || /^--[a-z]+(?:-[a-z]+)*$/.test(word) || /^[a-z]{1,20}(?:-[a-z]{1,20}){0,3}(?:\.(?:sh|py|pl|php|service))?$/.test(word)
}
