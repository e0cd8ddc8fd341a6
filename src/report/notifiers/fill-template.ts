import type { Notice } from '../../model/notice.ts'

/** How a value is written so that it stays a value: inside JSON's quotes, inside an address or form, as the text of XML or HTML. */
export type Escaping = 'json' | 'url' | 'xml' | 'none'

/** Puts the notice in the place of `{{title}}`, `{{text}}`, `{{app}}`, `{{state}}`, `{{kind}}` and `{{at}}`; anything else stays. What is put in is not looked at again. */
export function fillTemplate(template: string, notice: Notice, escaping: Escaping): string {
  const values: Readonly<Record<string, string>> = { title: notice.title, text: notice.text, app: notice.app ?? '', state: notice.severity, kind: notice.kind, at: notice.at }
  return template.replace(/\{\{ ?(title|text|app|state|kind|at) ?\}\}/g, (_whole, name: string) => escapeFor(escaping, (values[name] ?? '').toWellFormed()))
}

function escapeFor(escaping: Escaping, value: string): string {
  switch (escaping) {
    case 'json':
      return JSON.stringify(value).slice(1, -1)
    case 'url':
      return encodeURIComponent(value)
    case 'xml':
      return value.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`)
    case 'none':
      return value
  }
}
