import type { Secret } from './secret.ts'

// Shorter ones would tear every text apart.
const shortest = 4
const shortestPart = 8

/**
 * The text with `***` in the place of each secret, as it stands and in the forms that it takes on its way: percent-encoded, Base64,
 * inside JSON. Of an address or a header each longer part is hidden by itself: `/bot123:abc/send`, `Bearer abc`.
 */
export function hideSecrets(text: string, secrets: readonly Secret[]): string {
  const forms = secrets.flatMap((secret) => [secret.reveal(), ...partsOf(secret.reveal())]).flatMap(formsOf)
  // The longest first: one may hold another.
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length).reduce((shown, form) => shown.replaceAll(form, '***'), text)
}

function partsOf(secret: string): readonly string[] {
  const url = URL.parse(secret)
  const holder = url === null ? /^\S+ (\S+)$/.exec(secret)?.[1] ?? '' : `${url.username} ${decoded(url.password)} ${url.pathname}${url.search}`
  return [holder, ...holder.split(/[\s/?&=:]+/)].filter((part) => part.length >= shortestPart)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function formsOf(secret: string): readonly string[] {
  const plain = secret.toWellFormed()
  if (plain.length < shortest) return []
  return [plain, encodeURI(plain), encodeURIComponent(plain), String(new URLSearchParams({ x: plain })).slice(2), Buffer.from(plain).toString('base64').replace(/=+$/, ''), JSON.stringify(plain).slice(1, -1)]
}
