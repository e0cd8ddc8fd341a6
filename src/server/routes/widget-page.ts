import { createHash } from 'node:crypto'

export const widgetLanguages = ['en', 'it', 'fr'] as const
export type WidgetLanguage = (typeof widgetLanguages)[number]

const style = 'html,body{margin:0;background:transparent}'
const styleHash = createHash('sha256').update(style).digest('base64')

const titles: Readonly<Record<WidgetLanguage, string>> = { en: 'Backup', it: 'Backup', fr: 'Sauvegarde' }

/** The page for an iframe: the tile alone, which reads its looks and its token from the page's own address. */
export function widgetPage(app: string, language: WidgetLanguage): string {
  const name = escaped(app)
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<title>${titles[language]}: ${name}</title><style>${style}</style></head>`,
    `<body><main><holdfast-tile from-url server="../" app="${name}"></holdfast-tile></main><script src="tile.js"></script></body></html>`,
  ].join('')
}

/** Its policy: our script, our answers, and only pages of these sources around it. */
export function widgetPagePolicy(frameAncestors: readonly string[] | undefined): string {
  // Nothing that is no source may end the directive and begin another.
  const sources = (frameAncestors ?? []).filter((source) => /^(?:https?:\/\/[A-Za-z0-9.*:[\]-]+|'self')$/.test(source))
  return [
    'default-src \'none\'', 'script-src \'self\'', `style-src 'sha256-${styleHash}'`, 'connect-src \'self\'', 'base-uri \'none\'', 'form-action \'none\'',
    `frame-ancestors ${sources.length === 0 ? '\'self\'' : sources.join(' ')}`,
  ].join('; ')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
