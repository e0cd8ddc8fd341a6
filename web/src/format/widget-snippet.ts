/** What somebody has chosen for a tile, by the parameter's own name; empty texts are left out. */
export type TileChoices = Readonly<Record<string, string>>

export type TilePlace = { readonly server: string; readonly app: string; readonly token: string }

/** The address of the page for an iframe. */
export function tileAddress({ server, app, token }: TilePlace, choices: TileChoices): string {
  const url = new URL(`widget/${encodeURIComponent(app)}`, server)
  for (const [name, value] of given({ ...choices, token })) url.searchParams.set(name, value)
  return url.href
}

export function frameSnippet(place: TilePlace, choices: TileChoices, title: string): string {
  return `<iframe src="${attribute(tileAddress(place, choices))}" title="${attribute(title)}" width="360" height="260" style="border:0" loading="lazy"></iframe>`
}

export function elementSnippet({ server, app, token }: TilePlace, choices: TileChoices): string {
  const attributes = [['app', app], ['server', server], ...given({ token, ...choices })].map(([name, value]) => `${name}="${attribute(value ?? '')}"`)
  return `<script src="${attribute(new URL('widget/tile.js', server).href)}" async></script>\n<holdfast-tile ${attributes.join(' ')}></holdfast-tile>`
}

export function badgeSnippet({ server, app, token }: TilePlace, choices: TileChoices): { readonly address: string; readonly markdown: string } {
  const url = new URL(`api/apps/${encodeURIComponent(app)}/badge.svg`, server)
  for (const [name, value] of given({ token, lang: choices['lang'] ?? '', label: choices['label'] ?? '' })) url.searchParams.set(name, value)
  return { address: url.href, markdown: `![${app.replaceAll(/[[\]\\]/g, '\\$&')}](${url.href})` }
}

function given(values: TileChoices): (readonly [string, string])[] {
  return Object.entries(values).filter(([, value]) => value !== '')
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
