import { dirname } from 'node:path'
import { AppError } from '../kit/app-error.ts'
import { printable } from '../kit/printable.ts'
import { checkReferences } from './check-references.ts'
import { codeFrame, lineAndColumn } from './code-frame.ts'
import type { Problem } from './code-frame.ts'
import { configSchema } from './config-schema.ts'
import type { Config } from './config-schema.ts'
import { explainIssues } from './explain-issue.ts'
import type { Explanation } from './explain-issue.ts'
import { parseYaml } from './parse-yaml.ts'
import type { ParsedYaml } from './parse-yaml.ts'
import { resolvePaths } from './resolve-paths.ts'

const shownProblems = 10

/**
 * The configuration in a file's text, paths made absolute.
 * @throws AppError `config.invalid` that tells all problems at once (the first 10), each with `file:line:column`, a sentence
 *   and the line; values under keys that name secrets are not shown.
 */
export function parseConfig(text: string, file: string, home: string): Config {
  const parsed = parseYaml(text)
  if (!('value' in parsed)) throw invalid(text, file, parsed)
  const checked = configSchema.safeParse(parsed.value)
  if (!checked.success) {
    throw invalid(text, file, explainIssues(checked.error.issues, configSchema, parsed.value).map((explanation) => placed(explanation, parsed)))
  }
  const dangling = checkReferences(checked.data)
  if (dangling.length > 0) throw invalid(text, file, dangling.map((explanation) => placed(explanation, parsed)))
  return resolvePaths(checked.data, dirname(file), home)
}

function placed({ path, at, message, hideValue }: Explanation, parsed: ParsedYaml): Problem {
  return { message, ...parsed.locate(path, at), ...(hideValue === undefined ? {} : { hideValue }) }
}

function invalid(text: string, file: string, problems: readonly Problem[]): AppError {
  // At one place the first sentence is enough; what is merged in twice would be told twice.
  const ordered = problems.filter(({ start }, index) => problems.findIndex((other) => other.start === start) === index).sort((a, b) => a.start - b.start)
  const shown = ordered.slice(0, shownProblems).map((problem) => {
    const { line, column } = lineAndColumn(text, problem.start)
    const frame = text.trim() === '' ? '' : `\n${codeFrame(text, problem)}`
    return `${file}:${line}:${column}: ${printable(problem.message)}${frame}`
  })
  const more = ordered.length > shown.length ? `\n\n… and ${ordered.length - shown.length} more` : ''
  return new AppError('config.invalid', `${shown.join('\n\n')}${more}`, { hint: 'All keys are in docs/reference/config.md.' })
}
