/** The values of an INI file by `SECTION.KEY` (keys before any section by `KEY`), as Go's ini and PHP's read them: quotes and comments are taken off. */
export function readIni(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n')) {
    const heading = /^\s*\[([^\]]+)\]/.exec(line)
    if (heading !== null) {
      section = `${heading[1]?.trim() ?? ''}.`
      continue
    }
    const [, key, value = ''] = /^\s*([^\s=;#][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined) values.set(`${section}${key}`, plain(value))
  }
  return values
}

function plain(value: string): string {
  const quoted = /^(`+|"+|')(.*)\1(?:\s*[;#].*)?$/.exec(value)
  return quoted?.[2] ?? value.replace(/\s[;#].*$/, '').trimEnd()
}
