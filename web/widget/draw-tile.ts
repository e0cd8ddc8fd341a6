import type { Icon } from './tile-icons.ts'
import { icon } from './tile-icons.ts'
import type { TileView } from './tile-view.ts'

const signs: Readonly<Record<TileView['tone'], Icon>> = { ok: 'shieldOk', warning: 'shieldWarning', failed: 'shieldFailed', running: 'shieldOff', off: 'shieldOff' }
const marks = { green: 'ok', orange: 'warning', red: 'failed', grey: 'off' } as const satisfies Record<string, Icon>

/** The tile's elements, made once; `draw` changes only what differs, so that a reader's screen is told of changes alone. */
export class TileElements {
  readonly root = element('div', 'tile', { role: 'group' })
  readonly #sign = element('div', 'sign')
  readonly #name = element('div', 'name')
  readonly #headline = element('div', 'headline', { role: 'status' })
  readonly #detail = element('div', 'detail')
  readonly #meta = element('div', 'meta')
  readonly #messages = element('ul', 'messages', { 'aria-live': 'polite' })
  readonly #age = element('div', 'age')
  readonly #circles = element('ul', 'circles')
  readonly #debug = element('pre', 'debug', { tabindex: '0' })
  readonly #drawn = new Map<Element, string>()

  constructor() {
    const more = element('div', 'more')
    more.append(this.#detail, this.#meta, this.#messages, this.#age)
    this.root.append(this.#sign, this.#name, this.#headline, more, this.#circles, this.#debug)
  }

  draw(view: TileView, title: string, loaderStyle: number, debug: string): void {
    this.root.dataset['tone'] = view.tone
    this.#attribute(this.root, 'aria-label', title)
    this.#attribute(this.root, 'aria-busy', String(view.loading))
    this.#fill(this.#sign, `${view.tone} ${view.loading} ${loaderStyle}`, () => [view.loading ? loader(loaderStyle) : icon('shield', signs[view.tone])])
    this.#text(this.#name, view.name)
    this.#text(this.#headline, view.headline)
    this.#text(this.#detail, view.detail)
    this.#attribute(this.#detail, 'title', view.detail)
    this.#text(this.#meta, view.meta)
    this.#text(this.#age, view.age)
    this.#fill(this.#messages, JSON.stringify(view.messages), () => view.messages.map((message) => {
      const item = element('li', '')
      item.append(icon('alert'), textElement('span', '', message))
      return item
    }))
    this.#fill(this.#circles, JSON.stringify(view.circles), () => view.circles.map(({ reach, color, label, text }) => {
      const item = element('li', '', { 'data-reach': reach, 'data-color': color, 'title': `${label}: ${text}` })
      const ring = element('div', 'ring')
      const mark = icon(marks[color])
      mark.classList.add('mark')
      ring.append(icon(reach), mark)
      item.append(ring, textElement('span', 'label', label), textElement('span', 'hidden', `: ${text}`))
      return item
    }))
    this.#text(this.#debug, debug)
  }

  #text(target: Element, text: string): void {
    if (target.textContent !== text) target.textContent = text
  }

  #attribute(target: Element, name: string, value: string): void {
    if (target.getAttribute(name) !== value) target.setAttribute(name, value)
  }

  #fill(target: Element, key: string, make: () => readonly Element[]): void {
    if (this.#drawn.get(target) === key) return
    this.#drawn.set(target, key)
    target.replaceChildren(...make())
  }
}

function loader(style: number): HTMLElement {
  const box = element('div', 'loader', { 'data-style': String(style), 'aria-hidden': 'true' })
  box.append(element('i', ''), element('i', ''), element('i', ''))
  return box
}

function element(name: string, className: string, attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function textElement(name: string, className: string, text: string): HTMLElement {
  const made = element(name, className)
  made.textContent = text
  return made
}
