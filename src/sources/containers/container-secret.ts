import type { Container } from './container.ts'
import { execText } from './exec.ts'

/**
 * The first of these variables that the container's environment has, or the content of the file that `NAME_FILE` names in it, as the
 * official images do for secrets; undefined where there is none. @throws AppError `containers.exec`, `containers.*`.
 */
export async function containerSecret(container: Container, names: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  for (const name of names) {
    const value = container.environment.get(name)
    if (value !== undefined && value !== '') return value
    const file = container.environment.get(`${name}_FILE`) ?? container.environment.get(`FILE__${name}`)
    if (file === undefined || file === '') continue
    const text = await execText(container, 'exec cat -- "$1"', [file], { signal, timeoutMs: 30_000 })
    return text.replace(/\r?\n$/, '')
  }
  return undefined
}
