import { askServer } from './ask-server.ts'
import { TileElements } from './draw-tile.ts'
import type { Answer } from './read-answer.ts'
import { readJeedom } from './read-jeedom.ts'
import css from './tile.css'
import type { Params } from './tile-params.ts'
import { readParams } from './tile-params.ts'
import { tileView } from './tile-view.ts'
import type { Problem } from './tile-words.ts'
import { languageOf, words } from './tile-words.ts'

const everyMs = 30_000
const slowestMs = 300_000
/** How often the age of what is shown is looked at again. */
const lookMs = 15_000
const usualStaleMinutes = 5
/** Jeedom is told when something changes, a day apart at most where backups are made daily. */
const usualJeedomStaleMinutes = 26 * 60

/** Where the script came from: the server that is asked unless another is named. */
const home = document.currentScript instanceof HTMLScriptElement && document.currentScript.src !== '' ? new URL('..', document.currentScript.src).href : undefined

/** The custom properties of tile.css that a parameter sets. */
const properties = { background: '--bg', radius: '--radius', text: '--fg', loader: '--loader', icon: '--glyph', iconRadius: '--round', success: '--ok', warning: '--warn', error: '--bad', off: '--off' } as const

/**
 * `<holdfast-tile app="NAME" server="https://backup.example" token="hf_…">`: how an application's backup stands. It asks every 30
 * seconds while it can be seen, seldomer after errors, and shows what is old as old. `showJeedom` gives it Jeedom's value of nine keys
 * instead; from then on it asks nobody.
 */
export class HoldfastTile extends HTMLElement {
  readonly #elements = new TileElements()
  readonly #watch = new MutationObserver(() => this.#configure())
  #params: Params = readParams([])
  #answer: { readonly told: Answer; readonly clockMs: number; readonly tickMs: number } | undefined
  #problem: Problem | undefined
  #raw = ''
  #errors = 0
  #asked = ''
  #isGiven = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #looks: ReturnType<typeof setInterval> | undefined
  #asking: AbortController | undefined

  constructor() {
    super()
    const shadow = this.attachShadow({ mode: 'open' })
    if ('adoptedStyleSheets' in shadow) {
      // Made by script: a page's policy against inline styles does not concern it.
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(css)
      shadow.adoptedStyleSheets = [sheet]
    } else {
      const style = document.createElement('style')
      style.textContent = css
      ;(shadow as ShadowRoot).append(style)
    }
    shadow.append(this.#elements.root)
  }

  connectedCallback(): void {
    document.addEventListener('visibilitychange', this.#onVisible)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.#draw)
    this.#watch.observe(this, { attributes: true })
    this.#looks = setInterval(this.#draw, lookMs)
    this.#configure()
  }

  disconnectedCallback(): void {
    document.removeEventListener('visibilitychange', this.#onVisible)
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', this.#draw)
    this.#watch.disconnect()
    clearInterval(this.#looks)
    this.#stop()
    this.#asked = ''
  }

  /** Shows Jeedom's value of nine keys, which was told at `at`, as if it had been asked for. */
  showJeedom(value: string, at: Date = new Date()): void {
    this.#isGiven = true
    this.#stop()
    const { settings } = this.#params
    // The command's value is all that there is: of an earlier one nothing stays.
    this.#answer = undefined
    this.#take(value.trim() === '' ? 'no-answer' : readJeedom(value, settings.app ?? '', new Date()), value, Number.isNaN(at.getTime()) ? Date.now() : at.getTime())
    this.#draw()
  }

  #configure(): void {
    const own = [...this.attributes].map(({ name, value }) => [name, value] as const)
    const query = this.hasAttribute('from-url') ? [...new URLSearchParams(location.search)] : []
    this.#params = readParams([...own, ...query])
    const { app = '', server = '', token = '' } = this.#params.settings
    this.#isGiven ||= this.hasAttribute('jeedom')
    for (const [look, property] of Object.entries(properties)) {
      const value = this.#params.looks[look as keyof typeof properties]
      const style = this.#elements.root.style
      if (value !== undefined && (look.toLowerCase().endsWith('radius') || CSS.supports('color', value))) style.setProperty(property, value)
      else style.removeProperty(property)
    }
    const asked = JSON.stringify([app, server, token])
    if (!this.#isGiven && asked !== this.#asked) {
      this.#asked = asked
      this.#answer = undefined
      this.#problem = app === '' ? 'no-app' : undefined
      this.#errors = 0
      this.#stop()
      if (app !== '') void this.#ask()
    }
    this.#draw()
  }

  readonly #onVisible = (): void => {
    // What was drawn before the page was hidden may be hours old.
    this.#draw()
    if (document.visibilityState === 'visible' && this.#params.settings.app !== undefined && !this.#isGiven) void this.#ask()
    else if (!this.#isGiven) this.#stop()
  }

  async #ask(): Promise<void> {
    this.#stop()
    if (document.visibilityState !== 'visible') return
    const { app = '', server, token = '' } = this.#params.settings
    const asking = new AbortController()
    this.#asking = asking
    const { answer, raw } = await askServer({ app, token, server: addressOf(server || home || '.') }, asking.signal)
    // Another question has taken its place.
    if (this.#asking !== asking) return
    this.#asking = undefined
    this.#take(answer, raw, Date.now())
    this.#timer = setTimeout(() => void this.#ask(), Math.min(slowestMs, everyMs * 2 ** this.#errors))
    this.#draw()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  #take(answer: Answer | Problem, raw: string, clockMs: number): void {
    this.#raw = raw
    if (typeof answer === 'string') {
      this.#problem = answer
      this.#errors++
      return
    }
    this.#problem = undefined
    this.#errors = 0
    this.#answer = { told: answer, clockMs, tickMs: performance.now() }
  }

  readonly #draw = (): void => {
    const { settings, ignored } = this.#params
    const language = languageOf([settings.lang, this.closest<HTMLElement>('[lang]')?.lang, document.documentElement.lang, navigator.language])
    const { app = '', label = '', staleMinutes, form, theme, loaderStyle = '1', debug = 'false' } = settings
    const minutes = Number(staleMinutes || (this.#isGiven ? usualJeedomStaleMinutes : usualStaleMinutes))
    const view = tileView({
      language,
      locale: navigator.languages.find((tag) => tag.startsWith(language)) ?? language,
      label: label || app,
      ageMs: this.#ageMs(),
      staleMs: (minutes > 0 ? minutes : usualStaleMinutes) * 60_000,
      ...(this.#answer === undefined ? {} : { answer: this.#answer.told }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    })
    const { classList } = this.#elements.root
    classList.toggle('mobile', form === 'mobile')
    classList.toggle('dark', this.#isDark(theme))
    const isDebug = !['false', '0', 'no'].includes(debug)
    this.#elements.draw(view, words[language].backupOf(view.name || 'Holdfast'), /^[1-4]$/.test(loaderStyle) ? Number(loaderStyle) : 1, isDebug ? [...ignored.map((name) => `! ${name}`), this.#raw].join('\n') : '')
  }

  /** The larger of two clocks: one may be set, the other stands still while a machine sleeps. */
  #ageMs(): number {
    if (this.#answer === undefined) return 0
    const { told, clockMs, tickMs } = this.#answer
    return told.ageMs + Math.max(0, Date.now() - clockMs, performance.now() - tickMs)
  }

  /** As it is told; else as its own background asks for; else as the reader likes it. */
  #isDark(theme: string | undefined): boolean {
    if (theme === 'dark' || theme === 'light') return theme === 'dark'
    const jeedom = this.hasAttribute('jeedom') ? document.body.dataset['theme'] : undefined
    if (jeedom !== undefined) return /dark/i.test(jeedom)
    if (this.#params.looks.background !== undefined) {
      const [red = 255, green = 255, blue = 255, alpha = 1] = (/^rgba?\(([^)]*)\)/.exec(getComputedStyle(this.#elements.root).backgroundColor)?.[1] ?? '').split(/[\s,/]+/).filter((part) => part !== '').map(Number)
      if (alpha > 0.5) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 110
    }
    return matchMedia('(prefers-color-scheme: dark)').matches
  }
}

/** An address that is none stays as it is, and gives no answer. */
function addressOf(server: string): string {
  try {
    return new URL(server, document.baseURI).href
  } catch {
    return server
  }
}
