import { printable } from '../kit/printable.ts'

export type Badge = {
  readonly label: string
  readonly text: string
  /** As CSS writes it, `#1a7f37`; white text must be readable on it. */
  readonly color: string
}

const heightPx = 20
const fontPx = 11
const paddingPx = 6
const mostSigns = 60

/** Advance widths of the signs from U+0020 to U+007E in hundredths of the size: DejaVu Sans, which Verdana matches closely. */
const widths = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
  100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,
  50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
]

/** A small picture with a label and a coloured text. Both may be hostile: they are told as text, whatever they hold. */
export function badgeSvg({ label, text, color }: Badge): string {
  const parts = [shown(label), shown(text)] as const
  const [left, right] = parts.map((part) => Math.ceil(textWidthPx(part)) + 2 * paddingPx) as [number, number]
  const line = (part: string, x: number, boxPx: number): string => part === '' ? '' : `<text x="${x + paddingPx}" y="14" textLength="${boxPx - 2 * paddingPx}" lengthAdjust="spacingAndGlyphs">${escaped(part)}</text>`
  const name = escaped(parts.filter((part) => part !== '').join(': '))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${heightPx}" role="img" aria-label="${name}">`,
    `<title>${name}</title>`,
    // Corners of their own instead of a mask, whose id would be that of every badge in one page.
    `<path fill="#30363d" d="M4 0h${left - 4}v${heightPx}H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z"/><path fill="${escaped(color)}" d="M${left} 0h${right - 4}a4 4 0 0 1 4 4v${heightPx - 8}a4 4 0 0 1-4 4H${left}z"/>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="${fontPx}">${line(parts[0], 0, left)}${line(parts[1], left, right)}</g>`,
    '</svg>',
  ].join('')
}

/** How wide the text is in the badge's font, as well as can be told without it. */
export function textWidthPx(text: string): number {
  let hundredths = 0
  for (const sign of text) hundredths += signWidth(sign)
  return hundredths * fontPx / 100
}

function signWidth(sign: string): number {
  const code = sign.codePointAt(0) ?? 0
  const known = widths[code - 0x20]
  if (known !== undefined) return known
  if (/\p{M}|\u200d|[\ufe00-\ufe0f]/u.test(sign)) return 0
  if (/\p{Zs}/u.test(sign)) return 32
  // What scripts of East Asia and emoji fill is a square.
  if (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6…]|\p{Extended_Pictographic}/u.test(sign)) return 100
  return /\p{Lu}/u.test(sign) ? 77 : 64
}

function shown(text: string): string {
  const signs = [...printable(text)]
  return signs.length > mostSigns ? `${signs.slice(0, mostSigns - 1).join('')}…` : signs.join('')
}

/** U+FFFE and U+FFFF are forbidden in XML in every form; other forbidden signs `printable` has replaced. */
function escaped(text: string): string {
  return text.replaceAll(/[\ufffe\uffff]/g, '�').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
