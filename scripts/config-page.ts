import { z } from 'zod'
import { configSchema } from '../src/config/config-schema.ts'
import type { JsonSchema } from './json-schema.ts'

/** The JSON schema of holdfast.yaml that editors use, made from the zod schemas. */
export function configJsonSchema(): string {
  return `${JSON.stringify({ title: 'holdfast.yaml', ...jsonSchema() }, null, 2)}\n`
}

/** docs/reference/config.md: every key of holdfast.yaml with what it takes and its default. */
export function configPage(): string {
  return `# holdfast.yaml

<!-- Made from the schemas by \`npm run reference\`; change those. -->

The least is

\`\`\`yaml
apps:
  demo:
    root: /srv/demo
\`\`\`

The file is the one named by \`--config\`, else by \`HOLDFAST_CONFIG\`, else the first there is of
\`~/.config/holdfast/holdfast.yaml\` (\`$XDG_CONFIG_HOME\`) and \`/etc/holdfast/holdfast.yaml\`. One in the working folder is read
only when it is named: its hooks would run as you. It must belong to root or to you, and nobody else may write it; with a password
in it, not everybody may read it. Relative paths count from its folder, and \`~\` is the home folder. For editors:
\`# yaml-language-server: $schema=…/schema/holdfast.schema.json\`.

A **secret** (a password) is text in which \`\${NAME}\` stands for an environment variable (\`$\${\` for a plain \`\${\`), or
\`{env: NAME}\`, \`{file: PATH}\` (its content without the last line end; not open to everybody), or \`{command: …}\` (what it prints
within 30 seconds). It is got only when it is used and never printed. Restore points keep the configuration without secrets;
hooks' commands are kept only where they surely hold none, so keep secrets out of commands.

Sizes: \`500MB\` counts in thousands, \`500MiB\` and \`500M\` in 1024s. Lengths of time: \`30s\`, \`10m\` (minutes), \`12h\`, \`7d\`, \`4w\`, \`6mo\`
(months, of 31 days), \`2y\` (of 366).

A \`keep\` of zeros, or none, removes nothing; \`0\` never means "delete all". The newest full restore point, the newest verified
one and rolling ones are never removed by these rules.

${tables(sections('the top', jsonSchema()))}`
}

function jsonSchema(): JsonSchema {
  const schema: unknown = z.toJSONSchema(configSchema, { io: 'input', override: ({ jsonSchema: part }) => { delete part['secret'] } })
  return nodeSchema.parse(schema)
}

// The generator's result is JSON schema; only that it is an object matters here.
const nodeSchema: z.ZodType<JsonSchema> = z.looseObject({})

type Section = { readonly title: string; readonly table: string }

/** One table for an object, then those of the objects below it. */
function sections(title: string, node: JsonSchema): readonly Section[] {
  const keys = Object.entries(node.properties ?? {})
  const rows = keys.map(([key, value]) => `| \`${key}\` | ${typeWords(value)} | ${defaultWords(key, node)} | ${(value.description ?? '').replaceAll('|', '\\|')} |`)
  const table = ['| key | takes | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')
  const prefix = title === 'the top' ? '' : `${title.replace(/ \(.*\)$/, '')}.`
  return [{ title, table }, ...keys.flatMap(([key, value]) => objectsIn(value).flatMap(([suffix, object]) => sections(`${prefix}${key}${suffix}`, object)))]
}

/** Objects with the same keys share a table. */
function tables(all: readonly Section[]): string {
  return [...Map.groupBy(all, ({ table }) => table)].map(([table, same]) => `## ${[...new Set(same.map(({ title }) => title))].join(', ')}\n\n${table}\n`).join('\n')
}

/** The objects that a key can hold, with how they are reached: `.NAME`, or which of a union it is. */
function objectsIn(node: JsonSchema): readonly (readonly [suffix: string, object: JsonSchema])[] {
  if (isSecret(node)) return []
  if (node.properties !== undefined) return [[node.properties['type']?.const === undefined ? '' : ` (${String(node.properties['type'].const)})`, node]]
  if (typeof node.additionalProperties === 'object') return objectsIn(node.additionalProperties).map(([suffix, object]) => [`.NAME${suffix}`, object])
  return [...node.items === undefined ? [] : objectsIn(node.items), ...(node.anyOf ?? node.oneOf ?? []).flatMap(objectsIn)]
}

function typeWords(node: JsonSchema): string {
  if (isSecret(node)) return 'a secret'
  const union = node.anyOf ?? node.oneOf
  if (union !== undefined) return [...new Set(union.map(typeWords))].join(' or ')
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.type === 'array') return `a list of ${node.items === undefined ? 'values' : typeWords(node.items)}`
  if (node.type === 'object') return typeof node.additionalProperties === 'object' ? `by name: ${typeWords(node.additionalProperties)}` : 'keys, see below'
  const words: Record<string, string> = { string: 'text', integer: 'a whole number', number: 'a number', boolean: '`true` or `false`' }
  return words[String(node.type)] ?? 'a value'
}

function defaultWords(key: string, owner: JsonSchema): string {
  if (owner.required?.includes(key) === true) return '**needed**'
  const value = owner.properties?.[key]?.default
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0) ? '' : `\`${JSON.stringify(value).replace(/^"(.*)"$/, '$1')}\``
}

function isSecret(node: JsonSchema): boolean {
  return (node.anyOf ?? []).some((option) => option.properties?.['env'] !== undefined)
}
