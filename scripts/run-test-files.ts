import { relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { projectFolder } from './project-folder.ts'

/** `slowest`: the files that took the longest, with their seconds. */
export type TestCounts = { readonly passed: number; readonly failed: number; readonly seconds: number; readonly slowest: readonly string[] }

const slowestShown = 12

/**
 * Runs test files, three at a time, each in a process of its own: most wait for servers and clocks more than they compute. Prints each
 * failure where it happens, and nothing for what passes. A test that is skipped or left as "todo" counts as failed, and so does a file without a test.
 */
export async function runTestFiles(files: readonly string[], signal: AbortSignal): Promise<TestCounts> {
  const startMs = performance.now()
  let passed = 0
  let failed = 0
  const fail = (file: string | undefined, name: string, text: string): void => {
    failed++
    console.log(`\n  ✖ ${name}\n    ${file === undefined ? '' : relative(projectFolder, file)}\n${indent(text)}\n`)
  }
  const testsIn = new Map(files.map((file) => [file, 0]))
  const stderr: string[] = []
  const spans = new Map<string, { fromMs: number; toMs: number }>()
  const stream = run({ files: [...files], concurrency: 3, execArgv: ['--disable-warning=ExperimentalWarning'], signal, cwd: projectFolder })
  const noteSpan = (file: string | undefined, atMs: number): void => {
    if (file !== undefined) spans.set(file, { fromMs: spans.get(file)?.fromMs ?? atMs, toMs: atMs })
  }
  for await (const event of stream) {
    if (event.type === 'test:dequeue' || event.type === 'test:complete') noteSpan(event.data.file, performance.now())
    if (event.type === 'test:stderr') {
      stderr.push(event.data.message)
      if (stderr.length > 200) stderr.shift()
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    // A whole file's own event comes at its end; only one that broke outside its tests says anything new.
    const wholeFile = data.file !== undefined && data.nesting === 0 && (data.name === data.file || data.name === relative(projectFolder, data.file))
    if (data.details.type === 'suite' && event.type === 'test:fail' && !isOfItsTests(event.data.details.error)) fail(data.file, data.name, describe(event.data.details.error))
    if (data.details.type === 'suite' || (event.type === 'test:pass' && wholeFile)) continue
    if (data.file !== undefined) testsIn.set(data.file, (testsIn.get(data.file) ?? 0) + 1)
    if (event.type === 'test:fail') {
      fail(data.file, data.name, describe(event.data.details.error) + (wholeFile ? `\n${stderr.splice(0).join('')}` : ''))
    } else if (data.skip !== undefined || data.todo !== undefined) {
      fail(data.file, data.name, 'was skipped; a test that does not run shows nothing')
    } else {
      passed++
    }
  }
  for (const [file, tests] of testsIn) if (tests === 0) fail(file, 'a file without a test', 'no test of it has run')
  const slowest = [...spans].map(([file, { fromMs, toMs }]) => ({ file, seconds: (toMs - fromMs) / 1000 })).sort((a, b) => b.seconds - a.seconds).slice(0, slowestShown).map(({ file, seconds }) => `${relative(projectFolder, file)} ${seconds.toFixed(0)} s`)
  return { passed, failed, seconds: (performance.now() - startMs) / 1000, slowest }
}

/** A suite fails with its tests, which tell more themselves, or by a hook of its own, which only it can tell. */
function isOfItsTests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed'
}

/** The error as the test threw it; the runner wraps it. */
function describe(error: Error): string {
  const cause = error.cause ?? error
  return typeof cause === 'string' ? cause : inspect(cause, { colors: process.stdout.isTTY, breakLength: 120 })
}

function indent(text: string): string {
  return text.trimEnd().split('\n').map((line) => `    ${line}`).join('\n')
}
