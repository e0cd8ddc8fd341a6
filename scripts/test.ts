// `npm test`: type check, lint, knip and every test. `npm test -- PART…` runs only test files whose path has one of the parts.
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectFolder } from './project-folder.ts'
import { runTestFiles } from './run-test-files.ts'
import { runTool } from './run-tool.ts'
import { adoptOrphans, descendants, endDescendants } from './stray-processes.ts'
import { installPackages, missingPackages } from './test-programs.ts'

// A guard against what hangs, not the aim: that is 15 on an idle machine.
const limitMinutes = 20
/** Of a step that takes longer the slowest files are named. */
const slowStepSeconds = 60
const parts = process.argv.slice(2)
let passed = 0
let failed = 0

const stop = new AbortController()
const finish = (status: number): never => {
  endDescendants()
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exit(status)
}
setTimeout(() => {
  console.log(`\nStopped: the whole did not end within ${limitMinutes} minutes.`)
  failed++
  finish(1)
}, limitMinutes * 60_000).unref()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.log(`\nStopped by ${signal}.`)
    failed++
    finish(130)
  })
}

/** A tool of the development dependencies, by the JavaScript file that starts it; its one result counts as one test. */
async function check(name: string, script: string, ...args: string[]): Promise<void> {
  const { ok, output, seconds } = await runTool(process.execPath, [join(projectFolder, 'node_modules', script), ...args], stop.signal)
  if (ok) passed++
  else failed++
  report(name, ok, seconds, ok ? '' : output)
}

function isChosen(file: string): boolean {
  return parts.length === 0 || parts.some((part) => file.includes(part))
}

async function testStep(name: string, files: readonly string[]): Promise<void> {
  const chosen = files.filter(isChosen)
  if (chosen.length === 0 && parts.length > 0) return
  const counts = await runTestFiles(chosen.map((file) => join(projectFolder, file)), stop.signal)
  passed += counts.passed
  failed += counts.failed
  // A step that looks at nothing has shown nothing.
  if (chosen.length === 0) failed++
  report(name, counts.failed === 0 && chosen.length > 0, counts.seconds, `${counts.passed} passed, ${counts.failed} failed in ${chosen.length} files`)
  if (counts.seconds > slowStepSeconds) console.log(`    the slowest: ${counts.slowest.join(', ')}`)
  await endStrays()
}

/** Servers in tests show the dashboard, and a browser looks at it; end-to-end tests start the program as it is published. */
async function programAndDashboard(): Promise<void> {
  const startMs = performance.now()
  const { buildWebHere } = await import('./build-web.ts')
  const { buildTestProgram } = await import('./test-program.ts')
  let problem = ''
  try {
    await buildWebHere()
    process.env['HOLDFAST_TEST_LAUNCHER'] = await buildTestProgram()
  } catch (error) {
    problem = String(error)
  }
  if (problem === '') passed++
  else failed++
  report('program and dashboard', problem === '', (performance.now() - startMs) / 1000, problem)
}

/** What tests left running is ended, after the few seconds that a guard process needs to see that its run is over. */
async function endStrays(): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5000 && descendants().length > 0; waitedMs += 250) await sleep(250)
  for (const { pid, command } of descendants()) console.log(`    left running and ended now: ${command.slice(0, 120)} (process ${pid})`)
  endDescendants()
}

function report(name: string, ok: boolean, seconds: number, text: string): void {
  const line = `${ok ? '✔' : '✖'} ${name.padEnd(22)} ${seconds.toFixed(1).padStart(6)} s`
  console.log(text.includes('\n') || !ok ? `${line}\n${text}` : `${line}  ${text}`)
}

adoptOrphans()
const missing = missingPackages()
if (missing.length > 0) {
  try {
    installPackages(missing)
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error))
    failed++
    finish(1)
  }
}

const all = globSync('test/**/*.test.ts', { cwd: projectFolder }).toSorted()
const endToEnd = (file: string): boolean => /^test\/(e2e|server\/e2e|browser|faults|interop|ground)\//.test(file)
const isLong = (file: string): boolean => /^test\/(?:browser\/|e2e\/containers(?:-databases)?\.test|ground\/pack)/.test(file)
const gates = all.filter((file) => /^test\/gates-\w+\.test\.ts$/.test(file))
const alone = new Set(['test/floors.test.ts', ...gates])

if (parts.length === 0) {
  await check('type check', 'typescript/bin/tsc', '-p', '.')
  await check('type check of web', 'typescript/bin/tsc', '-p', 'web', '--noEmit')
  await check('type check of widget', 'typescript/bin/tsc', '-p', 'web/widget', '--noEmit')
  await check('lint', 'oxlint/bin/oxlint', '--deny-warnings')
  await check('knip', 'knip/bin/knip.js')
}
if (all.some((file) => isChosen(file) && (endToEnd(file) || /^test\/(?:server|browser|web)\//.test(file)))) await programAndDashboard()
await testStep('floors', all.filter((file) => file === 'test/floors.test.ts'))
await testStep('unit and integration', all.filter((file) => !endToEnd(file) && !alone.has(file)))
// The longest first, so that none is left alone at the end.
await testStep('end to end, gate samples', [...gates, ...all.filter(endToEnd).toReversed().toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)))])
// No test at all has shown nothing either.
if (passed + failed === 0) failed++
finish(failed === 0 ? 0 : 1)
