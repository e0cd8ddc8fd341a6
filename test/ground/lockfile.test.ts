import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }

type Locked = { version?: string; integrity?: string; hasInstallScript?: boolean; dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }

const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'))
const installed = Object.entries(lock.packages).filter(([path]) => path !== '')

// npm leaves out what its registry lacks without a word, and then "npm ci" refuses the lockfile on every other machine.
test('the lockfile holds every package that a locked one depends on, for other platforms too', () => {
  assert.ok(installed.length > 20)
  for (const [path, { dependencies, optionalDependencies }] of installed) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const places = path.split('/node_modules/').map((_, depth, parts) => [...parts.slice(0, parts.length - depth), name].join('/node_modules/'))
      assert.ok([...places, `node_modules/${name}`].some((place) => place in lock.packages), `${path} needs ${name}`)
    }
  }
})

test('every locked package has a version and a hash', () => {
  for (const [path, { version, integrity }] of installed) assert.ok(version !== undefined && integrity !== undefined, path)
})

test('the two Node runtimes are locked in the version that the package asks for', () => {
  for (const [name, version] of Object.entries(packageJson.optionalDependencies)) assert.equal(lock.packages[`node_modules/${name}`]?.version, version)
})

test('dependencies are exact, and no install script is one that nobody has judged', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/, name)
  const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path.replace(/^.*node_modules\//, ''))
  // Another version of a judged one, deeper down, is denied by the same name.
  assert.deepEqual([...new Set(withScripts)], Object.keys(packageJson.allowScripts))
})

test('every dependency stands in docs/dependencies.md with its reason, and nothing else does', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/dependencies.md'), 'utf8')
  const { dependencies, devDependencies, optionalDependencies } = packageJson
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  const told = page.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  assert.deepEqual(told.toSorted(), names.toSorted())
})
