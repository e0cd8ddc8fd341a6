import { parseSync, Visitor } from 'oxc-parser'

/** `specifier` is undefined where the module's name is computed, so that nobody can tell what is imported. */
export type Import = { readonly specifier: string | undefined; readonly line: number }

/**
 * Every module that a TypeScript source names: imports and re-exports (type-only ones too), `import()` as a value and as
 * a type, `import x = require()`, `require()`, `import.meta.resolve()`, and the workers of `workerUrl` and `startWorker`.
 *
 * @throws Error when the source cannot be parsed, for then nothing is known of it.
 */
export function readImports(fileName: string, source: string): Import[] {
  const { program, errors } = parseSync(fileName, source)
  const [error] = errors
  if (error !== undefined) throw new Error(`${fileName} cannot be parsed: ${error.message}`)
  const found: Import[] = []
  const add = (start: number, specifier: string | undefined): void => {
    found.push({ specifier, line: source.slice(0, start).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.start, node.source.value),
    ExportAllDeclaration: (node) => add(node.start, node.source.value),
    ExportNamedDeclaration: (node) => { if (node.source !== null) add(node.start, node.source.value) },
    ImportExpression: (node) => add(node.start, textOf(node.source)),
    TSImportType: (node) => add(node.start, textOf(node.source)),
    TSExternalModuleReference: (node) => add(node.start, textOf(node.expression)),
    CallExpression: (node) => {
      const callee = source.slice(node.callee.start, node.callee.end)
      const [first] = node.arguments
      if (['require', 'require.resolve', 'import.meta.resolve'].includes(callee)) add(node.start, textOf(first))
      else if (['workerUrl', 'startWorker'].includes(callee)) {
        const name = textOf(first)
        // Inside startWorker itself the name is a parameter; every caller's is read where it calls.
        if (fileName === 'kit/start-worker.ts' && name === undefined) return
        add(node.start, name === undefined ? undefined : `${name.startsWith('.') ? '' : './'}${name}.ts`)
      }
    },
  }).visit(program)
  return found
}

function textOf(node: { readonly type: string; readonly value?: unknown } | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}
