const source = /^(https?):\/\/(\*\.)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]|\*)(?::(\d+|\*))?$/

/**
 * Whether an origin (`https://home.example:8123`) is one of these sources, which are written as in `frame-ancestors`: `https://*.example`
 * stands for every name below it, `:*` for every port. `'self'` is none of them: nobody needs leave for the own origin.
 */
export function originMatches(origin: string, sources: readonly string[]): boolean {
  const asked = URL.parse(origin)
  if (asked === null || asked.origin !== origin) return false
  return sources.some((text) => {
    const [, scheme, below, host = '', port] = source.exec(text) ?? []
    if (`${scheme}:` !== asked.protocol) return false
    const usual = scheme === 'https' ? '443' : '80'
    if (port !== '*' && (port ?? usual) !== (asked.port || usual)) return false
    if (host === '*') return true
    const name = host.toLowerCase()
    return below === undefined ? asked.hostname === name : asked.hostname.endsWith(`.${name}`)
  })
}
