// No line of roles or tablespaces is longer.
const longestLine = 1024 * 1024

/** What a server has already. */
export type Present = { readonly roles: ReadonlySet<string>; readonly tablespaces: ReadonlySet<string> }

/**
 * pg_dumpall's roles and tablespaces so that they can be imported where some of them are: those are not made again, and then all
 * get their attributes. Other lines pass as they are.
 */
export async function* missingRolesOnly(content: AsyncIterable<Uint8Array>, present: Present): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  for await (const bytes of content) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) throw new Error('a dump of roles has a line without end')
    if (lines.length > 0) yield Buffer.from(`${lines.map((line) => onlyMissing(line, present)).join('\n')}\n`)
  }
  if (rest !== '') yield Buffer.from(onlyMissing(rest, present))
}

function onlyMissing(line: string, { roles, tablespaces }: Present): string {
  const [, what, written = ''] = /^CREATE (ROLE|TABLESPACE) ("(?:[^"]|"")+"|[^\s";]+)(?: .*)?;$/.exec(line) ?? []
  if (what === undefined) return line
  const name = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
  return (what === 'ROLE' ? roles : tablespaces).has(name) ? '' : line
}
