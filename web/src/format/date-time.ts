/** A day and a time of day in the reader's language and zone. */
export function formatDateTime(at: string, locale: string, timeZone?: string): string {
  return formatter(`moment ${locale} ${timeZone ?? ''}`, () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...(timeZone === undefined ? {} : { timeZone }) })).format(new Date(at))
}

/** A calendar day (`2026-03-04`, in the place of the application) as the reader writes it; no zone moves it to another day. */
export function formatDay(day: string, locale: string): string {
  return formatter(`day ${locale}`, () => new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })).format(new Date(`${day}T12:00:00Z`))
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making one takes a hundred times as long as using it. */
function formatter(key: string, make: () => Intl.DateTimeFormat): Intl.DateTimeFormat {
  const known = formatters.get(key)
  if (known !== undefined) return known
  const made = make()
  formatters.set(key, made)
  return made
}
