/** How the tile looks. Each has a name of its own and the one that Jeedom's tile "Info backup" has for it. */
export const looks = {
  background: { names: ['background-color', 'couleurBackground'], kind: 'color' },
  radius: { names: ['border-radius', 'borderRadiusTuile'], kind: 'length' },
  text: { names: ['text-color', 'couleurText'], kind: 'color' },
  loader: { names: ['loader-color', 'couleurLoader'], kind: 'color' },
  icon: { names: ['icon-color', 'couleurIcones'], kind: 'color' },
  iconRadius: { names: ['icon-radius', 'borderRadiusIcones'], kind: 'length' },
  success: { names: ['success-color', 'couleurCircleSucces'], kind: 'color' },
  warning: { names: ['warning-color', 'couleurCircleWarning'], kind: 'color' },
  error: { names: ['error-color', 'couleurCircleError'], kind: 'color' },
  off: { names: ['off-color'], kind: 'color' },
} as const satisfies Record<string, { readonly names: readonly string[]; readonly kind: 'color' | 'length' }>
type Look = keyof typeof looks

export const settings = {
  app: ['app'], server: ['server'], token: ['token'], lang: ['lang'], label: ['label'], form: ['form'], theme: ['theme'],
  loaderStyle: ['loader-style', 'styleLoader'], staleMinutes: ['stale-minutes'], debug: ['debug'],
} as const satisfies Record<string, readonly string[]>
type Setting = keyof typeof settings

export type Params = {
  readonly settings: Readonly<Partial<Record<Setting, string>>>
  /** Values that CSS may have. */
  readonly looks: Readonly<Partial<Record<Look, string>>>
  /** Names of those whose values were none, for the debug view. */
  readonly ignored: readonly string[]
}

/**
 * The parameters among names and values, the first of a name winning: attributes before an address's query. Names are told without
 * regard to case and dashes (HTML lowers those of attributes). What is no colour, or no length, is ignored: it could be more than that.
 */
export function readParams(given: Iterable<readonly [name: string, value: string]>): Params {
  const values = new Map<string, string>()
  for (const [name, value] of given) {
    // A Jeedom leaves `#name#` where nobody set that parameter.
    if (!values.has(plain(name)) && !/^#[\w-]+#$/.test(value)) values.set(plain(name), value.trim())
  }
  const first = (names: readonly string[]): string | undefined => names.map((name) => values.get(plain(name))).find((value) => value !== undefined)
  const found: Partial<Record<Look, string>> = {}
  const ignored: string[] = []
  for (const [look, { names, kind }] of Object.entries(looks) as [Look, (typeof looks)[Look]][]) {
    const value = first(names)
    if (value === undefined || value === '') continue
    const css = kind === 'color' ? cssColor(value) : cssLength(value)
    if (css === undefined) ignored.push(names[0])
    else found[look] = css
  }
  const told = Object.entries(settings).flatMap(([setting, names]) => {
    const value = first(names)
    return value === undefined ? [] : [[setting, value] as const]
  })
  return { settings: Object.fromEntries(told), looks: found, ignored }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '')
}

/** `#rgb[a]`, `#rrggbb[aa]`, both also without the sign, which addresses would need encoded; a name; `rgb()` or `hsl()` of numbers. */
function cssColor(value: string): string | undefined {
  if (/^(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value)) return `#${value}`
  if (/^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value)) return value
  if (/^[a-z]{3,24}$/i.test(value) && !/^(?:inherit|initial|unset|revert)$/i.test(value)) return value
  return /^(?:rgb|hsl)a?\([\d\s.,%/+-]{1,60}(?:deg)?[\d\s.,%/+-]{0,60}\)$/i.test(value) ? value : undefined
}

/** A length or percentage; a plain number counts pixels. */
function cssLength(value: string): string | undefined {
  if (/^\d{1,4}(?:\.\d{1,4})?$/.test(value)) return `${value}px`
  return /^\d{1,4}(?:\.\d{1,4})?(?:px|em|rem|%)$/.test(value) ? value : undefined
}
