import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Route } from '../src/server/http/route.ts'
import { routes } from '../src/server/routes/routes.ts'
import { projectFolder } from './project-folder.ts'
import type { JsonSchema } from './json-schema.ts'

const groups: readonly (readonly [title: string, isOf: (path: string) => boolean])[] = [
  ['Sign-in, accounts and tokens', (path) => /^\/api\/(?:session|setup|step-up|account|users|tokens|audit)/.test(path)],
  ['Restore points', (path) => path.includes('/points')],
  ['Restores and uploads', (path) => /\/restore|^\/api\/uploads|\/import/.test(path)],
  ['Runs', (path) => /\/(?:backup|runs|touch|tickets|events)/.test(path)],
  ['Settings', (path) => /^\/api\/(?:config|discover)/.test(path)],
  ['Status and widgets', () => true],
]

/** docs/reference/api.md: every route with who may use it, and the shapes of requests and answers, from the source. */
export async function apiPage(): Promise<string> {
  const left = new Set(routes)
  const tables = groups.flatMap(([title, isOf]) => {
    const own = [...left].filter(({ path }) => isOf(path))
    for (const route of own) left.delete(route)
    return own.length === 0 ? [] : [`### ${title}\n\n${routesTable(own)}\n`]
  })
  return `# HTTP API

<!-- Made from src/server/routes and src/model/api by \`npm run reference\`; change those. -->

The dashboard uses nothing but this API. Answers are JSON unless the route gives a file, an image, a page or a stream of events.
Times are ISO 8601 in UTC, sizes are bytes.

- **Who asks**: a program sends \`Authorization: Bearer hf_…\`, a token of \`holdfast token create\`. A browser has its session's cookie,
  and sends \`X-Holdfast: 1\` with everything that is no GET. See [access](access.md).
- **Who may**: \`public\` is for all; \`widget\` for widget tokens and everybody who is signed in; a role may do what the lesser ones
  may: viewer, operator, admin. A token for some applications reaches only routes with \`:app\`, and those marked *narrowed*.
- **step-up**: only for a person who has given the password within the last minutes (\`POST /api/step-up\`); with others 403 and
  \`access.step-up\`. **people**: closed to tokens. **audit**: what the audit log calls it.
- An answer from 400 on is a [problem](#problemschema): its \`code\` stands in [errors](errors.md). 401: no valid session or token, 403: not
  allowed, 404: not there, 409: not now, 413: too large, 421: the server has no such name, 422: not understood, 429: too often.
- What takes time answers 202 with a [ticket](#ticketschema), and goes on in the background.

\`\`\`sh
TOKEN=$(holdfast token create --role operator script)
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:7878/api/status
curl -H "Authorization: Bearer $TOKEN" -X POST http://127.0.0.1:7878/api/apps/shop/backup
\`\`\`

## Routes

${tables.join('\n')}
## Shapes

What a request or an answer holds; \`?\` marks what may be missing.

${(await shapes()).join('\n')}`
}

function routesTable(own: readonly Route[]): string {
  return ['| | who | |', '| --- | --- | --- |', ...own.map(({ method, path, access, stepUp, people, narrows, audit }) => {
    const notes = [...(stepUp === true ? ['step-up'] : []), ...(people === true ? ['people'] : []), ...(narrows === true ? ['narrowed'] : []), ...(audit === undefined ? [] : [`audit: ${audit}`])]
    return `| \`${method} ${path}\` | ${access} | ${notes.join('; ')} |`
  })].join('\n')
}

async function shapes(): Promise<readonly string[]> {
  const folder = join(projectFolder, 'src/model/api')
  const sections: string[] = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts')).toSorted()) {
    const exported: Record<string, unknown> = await import(join(folder, file))
    const source = readFileSync(join(folder, file), 'utf8')
    const order = [...source.matchAll(/^export const (\w+Schema)\b/gm)].map(([, name = '']) => name)
    for (const name of order) {
      const schema = exported[name]
      if (!(schema instanceof z.ZodType)) continue
      sections.push(`### ${name}\n\n${[commentOf(source, name), `\`\`\`ts\n${shape(nodeOf(schema), '')}\n\`\`\``].filter((part) => part !== '').join('\n\n')}\n`)
    }
  }
  return sections
}

function nodeOf(schema: z.ZodType): JsonSchema {
  return nodeSchema.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }))
}

// The generator's result is JSON schema; only that it is an object matters here.
const nodeSchema: z.ZodType<JsonSchema> = z.looseObject({})

/** The sentence that stands above a schema in the source. */
function commentOf(source: string, name: string): string {
  const before = source.slice(0, source.search(new RegExp(`^export const ${name}\\b`, 'm')))
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(before)?.[1] ?? ''
  return comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim()).filter((line) => line !== '').join('\n')
}

/** A JSON schema as TypeScript writes the type. */
function shape(node: JsonSchema, indent: string): string {
  const union = node.anyOf ?? node.oneOf
  if (union !== undefined) return [...new Set(union.map((option) => shape(option, indent)))].join(' | ')
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.type === 'array') return `Array<${node.items === undefined ? 'unknown' : shape(node.items, indent)}>`
  if (node.properties !== undefined) {
    const inner = `${indent}  `
    const lines = Object.entries(node.properties).map(([key, value]) => `${inner}${/^\w+$/.test(key) ? key : JSON.stringify(key)}${node.required?.includes(key) === true ? '' : '?'}: ${shape(value, inner)}`)
    return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`
  }
  if (node.type === 'object') return `Record<string, ${typeof node.additionalProperties === 'object' ? shape(node.additionalProperties, indent) : 'unknown'}>`
  if (node.type === 'integer' || node.type === 'number') return 'number'
  return typeof node.type === 'string' ? node.type : 'unknown'
}
