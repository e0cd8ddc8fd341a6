import { createHash } from 'node:crypto'

/**
 * The name itself where it is safe as a file name anywhere (letters, digits, `.`, `_`, `-`; at most 64, not starting with a
 * dot or dash); otherwise a safe one, with a hash of the name so that different names stay different.
 */
export function fileSafe(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) return name
  const hash = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, 8)
  const words = name.normalize('NFKD').replace(/\p{M}+/gu, '').replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 48)
  return words === '' ? `app-${hash}` : `${words}-${hash}`
}
