import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkFloors } from './floors/check-floors.ts'
import { floorTable } from './floors/floor-table.ts'

const sourceFolder = join(import.meta.dirname, '../src')

test('every import in src goes strictly down the floors', () => {
  const files = new Map<string, string>()
  for (const path of globSync('**/*', { cwd: sourceFolder, withFileTypes: true })) {
    if (!path.isFile()) continue
    const full = join(path.parentPath, path.name)
    files.set(full.slice(sourceFolder.length + 1), readFileSync(full, 'utf8'))
  }
  assert.ok(files.size > 10, 'the source folder was not seen')
  assert.deepEqual([...files.keys()].filter((path) => !path.endsWith('.ts')), [], 'src holds TypeScript only')
  assert.deepEqual(checkFloors(files, floorTable), [])
})

/** Checks one planted file among neighbours of every room. */
function violationsOf(path: string, source: string): string[] {
  const files = new Map(Object.keys(floorTable).map((room) => [`${room}/thing.ts`, 'export const thing = 1']))
  files.set(path, source)
  return checkFloors(files, floorTable)
}

const forms = {
  'a static import': "import { thing } from '../cli/thing.ts'",
  'a type-only import': "import type { thing } from '../cli/thing.ts'",
  'an inline type import': "import { type thing } from '../cli/thing.ts'",
  'an import without names': "import '../cli/thing.ts'",
  'an import over several lines': "import {\n  // from '../kit/thing.ts'\n  thing,\n} from\n  '../cli/thing.ts'",
  'a re-export': "export { thing } from '../cli/thing.ts'",
  'a type-only re-export': "export type { thing } from '../cli/thing.ts'",
  'a re-export of all': "export * from '../cli/thing.ts'",
  'a named re-export of all': "export * as all from '../cli/thing.ts'",
  'a dynamic import': "export async function f() { return import('../cli/thing.ts') }",
  'a dynamic import inside a template': "export const f = () => `${import('../cli/thing.ts')}`",
  'an import type': "export type T = import('../cli/thing.ts').T",
  'a typeof import': "export type T = typeof import('../cli/thing.ts')",
  'an import equals': "import thing = require('../cli/thing.ts')",
  'a require': "export const thing = require('../cli/thing.ts')",
  'a resolve': "export const url = import.meta.resolve('../cli/thing.ts')",
  'a worker': "export const url = workerUrl('../cli/thing', import.meta.url)",
}
for (const [name, source] of Object.entries(forms)) {
  test(`${name} of a higher room is found`, () => {
    const violations = violationsOf('disk/planted.ts', source)
    assert.equal(violations.length, 1, violations.join('\n'))
    assert.match(violations[0] ?? '', /^disk\/planted\.ts:\d+: disk \(floor 2\) imports \.\.\/cli\/thing\.ts from cli above it \(floor 7\)$/)
  })
}

test('what only looks like an import is none', () => {
  assert.deepEqual(violationsOf('disk/planted.ts', [
    "// import { thing } from '../cli/thing.ts'",
    "/* export * from '../cli/thing.ts' */",
    'export const text = "import { thing } from \'../cli/thing.ts\'"',
    "export const template = `import('../cli/thing.ts')`",
    "export const pattern = /import '..\\/cli\\/thing.ts'/",
    "export const own = { import: (name: string) => name }.import('../cli/thing.ts')",
    "import { thing } from '../kit/thing.ts'",
    "export { thing }",
  ].join('\n')), [])
})

const planted: readonly (readonly [string, string, string, RegExp])[] = [
  ['rooms on one floor never meet', 'archive/planted.ts', "import type { thing } from '../storage/thing.ts'", /rooms on one floor never meet/],
  ['a package outside the table is refused', 'kit/planted.ts', "import { z } from 'zod'", /imports the package zod, which kit may not/],
  ['a type of a package outside the table is refused', 'engine/planted.ts', "import type { z } from 'zod/v4'", /imports the package zod, which engine may not/],
  ['a scoped package is told by its whole name', 'runs/planted.ts', "import { text } from '@clack/prompts'", /package @clack\/prompts/],
  ['a pure room imports no node module', 'policy/planted.ts', "import { readFileSync } from 'node:fs'", /policy is pure/],
  ['a built-in module needs its prefix', 'disk/planted.ts', "import { readFileSync } from 'fs'", /without node:/],
  ['a file outside src is refused', 'cli/planted.ts', "import { x } from '../../test/x.ts'", /outside src/],
  ['a file that is not there is refused', 'cli/planted.ts', "import { x } from './missing.ts'", /no file of src/],
  ['a computed import is refused', 'cli/planted.ts', 'export const f = (name: string) => import(name)', /computed/],
  ['a computed worker is refused', 'archive/planted.ts', 'export const f = (name: string) => workerUrl(`${name}-worker`, import.meta.url)', /computed/],
  ['a file in no known room is refused', 'attic/planted.ts', 'export {}', /no room/],
  ['a file beside the rooms is refused', 'planted.ts', 'export {}', /no room/],
  ['nobody imports the public face', 'cli/index-user.ts', "import { x } from '../index.ts'", /no file of src|public face/],
]
for (const [name, path, source, expected] of planted) {
  test(name, () => {
    const violations = violationsOf(path, source)
    assert.equal(violations.length, 1, violations.join('\n'))
    assert.match(violations[0] ?? '', expected)
  })
}

test('seeing no files is a failure', () => {
  assert.deepEqual(checkFloors(new Map(), floorTable), ['no source file was seen, so nothing was checked'])
})

test('a source that cannot be parsed is a failure', () => {
  assert.throws(() => violationsOf('cli/planted.ts', 'import {'), /cannot be parsed/)
})
