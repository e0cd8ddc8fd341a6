export type ParsedFamily = { readonly help: string; readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] }

const nameAt = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const numberAt = /(?:NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?= ?\n|$)/yi

/**
 * A strict reader of Prometheus' text format, version 0.0.4: every family has its help, then its type, then its samples, without a
 * blank or a repetition too many. Throws for anything else.
 */
export function parseMetrics(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('it does not end with a line feed')
  const families = new Map<string, ParsedFamily>()
  let current: [name: string, family: ParsedFamily] | undefined
  let help: [name: string, text: string] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const helped = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line)
    const typed = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge$/.exec(line)
    if (helped !== null) help = [helped[1] ?? '', helped[2] ?? '']
    else if (typed !== null) {
      if (help === undefined || help[0] !== typed[1] || families.has(help[0])) throw new Error(`a type without help, or twice: ${line}`)
      current = [help[0], { help: help[1], samples: [] }]
      families.set(...current)
    } else {
      if (current === undefined) throw new Error(`a sample without a type: ${line}`)
      const sample = parseSample(line, current[0])
      if (current[1].samples.some(({ labels }) => JSON.stringify(labels) === JSON.stringify(sample.labels))) throw new Error(`twice: ${line}`)
      current[1].samples.push(sample)
    }
  }
  return families
}

function parseSample(line: string, family: string): ParsedFamily['samples'][number] {
  let at = 0
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const [found] = pattern.exec(line) ?? []
    if (found === undefined) throw new Error(`not understood at ${at}: ${line}`)
    at += found.length
    return found
  }
  const expect = (text: string): void => {
    if (!line.startsWith(text, at)) throw new Error(`no ${text} at ${at}: ${line}`)
    at += text.length
  }
  if (take(nameAt) !== family) throw new Error(`a sample of another family: ${line}`)
  const labels: Record<string, string> = {}
  if (line[at] === '{') {
    do {
      at++
      const label = take(/[a-zA-Z_][a-zA-Z0-9_]*/y)
      expect('="')
      if (Object.hasOwn(labels, label)) throw new Error(`a label twice: ${line}`)
      labels[label] = take(/(?:[^"\\\n]|\\["\\n])*/y).replace(/\\(.)/g, (_whole, char: string) => char === 'n' ? '\n' : char)
      expect('"')
    } while (line[at] === ',')
    expect('}')
  }
  expect(' ')
  const value = Number(take(numberAt))
  if (at !== line.length) throw new Error(`more than a sample: ${line}`)
  return { labels, value }
}
