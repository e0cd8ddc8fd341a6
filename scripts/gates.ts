// `npm run gates`: every gate in full, with the figures written to docs/gates.md. `-- --only NAME` runs one, `-- --seed N` chooses.
import { cpus, totalmem } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { spawnSync } from 'node:child_process'
import type { GateResult } from './gate.ts'
import { buildWebHere } from './build-web.ts'
import { loadGates } from './load-gates.ts'
import { projectFolder } from './project-folder.ts'
import { buildTestProgram } from './test-program.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, seed: { type: 'string', default: '1' } } })
const seed = Number(values.seed)
// What they tell of time and memory is that of the program as it is published.
await buildWebHere()
process.env['HOLDFAST_TEST_LAUNCHER'] = await buildTestProgram()
const all = await loadGates()
const gates = all.filter((gate) => values.only === undefined || gate.name === values.only)
if (gates.length === 0) throw new Error(`there is no gate ${values.only}; there are: ${all.map((gate) => gate.name).join(', ')}`)

const page = join(projectFolder, 'docs/gates.md')
let failed = 0
for (const gate of gates) {
  const startMs = performance.now()
  const result = await gate.run({ full: true, seed }).catch((error: unknown): GateResult => {
    console.error(error)
    return { ok: false, figures: { error: error instanceof Error ? error.message : String(error) } }
  })
  const section = sectionOf(gate.name, result, (performance.now() - startMs) / 1000)
  console.log(section)
  if (!result.ok) failed++
  // After each, so that what took an hour is not lost with what comes after it.
  writeSection(gate.name, section)
}
console.log(`${gates.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function sectionOf(name: string, { ok, figures }: GateResult, seconds: number): string {
  const git = (...args: string[]): string => spawnSync('git', args, { cwd: projectFolder, encoding: 'utf8' }).stdout.trim()
  // The page itself changes with every gate.
  const changed = git('status', '--porcelain', '--', '.', ':!docs/gates.md') !== ''
  const commit = `${git('describe', '--always')}${changed ? ', changed since' : ''}`
  return [
    `## ${name}`,
    '',
    `${ok ? 'Passed' : '**Failed**'} on ${new Date().toISOString().slice(0, 10)} in ${seconds.toFixed(0)} s${commit === '' ? '' : `, at ${commit}`}; Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB.`,
    `Command: \`npm run gates -- --only "${name}" --seed ${seed}\``,
    '',
    '| figure | value |',
    '| --- | --- |',
    ...Object.entries(figures).map(([figure, value]) => `| ${cell(figure)} | ${cell(value)} |`),
    '',
  ].join('\n')
}

function cell(value: string | number): string {
  return String(value).replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Replaces the gate's section, and leaves the others as they were measured. */
function writeSection(name: string, section: string): void {
  const head = '# Gates\n\nThe last full run of each long trial; `npm test` runs a seeded sample of every one. Run them with `npm run gates`.\n'
  const kept = readPage().split(/^(?=## )/m).slice(1).filter((text) => !text.startsWith(`## ${name}\n`)).map((text) => `${text.trimEnd()}\n`)
  writeFileSync(page, [head, ...[...kept, section].toSorted()].join('\n'))
}

function readPage(): string {
  try {
    return readFileSync(page, 'utf8')
  } catch {
    return ''
  }
}
