import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { childText } from '../kit/child.ts'
import { Secret } from '../kit/secret.ts'
import type { SecretRef } from '../model/secret-ref.ts'

const largestBytes = 64 * 1024
const commandTimeoutMs = 30_000

/**
 * The secret that a reference means, got only now: text with `${NAME}` replaced from the environment (`$${` stands for a
 * plain `${`), a variable, a file's content, or what a command prints within 30 s — the last two without one line end at their end.
 *
 * @throws AppError `config.secret` where it cannot be had or is empty: an empty password would quietly mean none;
 *   `config.unsafe` for a file that everybody can read or others can write; `interrupted`. No error carries the secret.
 */
export async function resolveSecret(reference: SecretRef, signal: AbortSignal, env: Readonly<Record<string, string | undefined>> = process.env): Promise<Secret> {
  const { value, origin } = await valueOf(reference, signal, env)
  if (value === '') throw new AppError('config.secret', `The secret from ${origin} is empty`, { hint: 'An empty password would mean none; remove the key if none is wanted.' })
  if (/[\0\r\n]/.test(value)) throw new AppError('config.secret', `The secret from ${origin} has more than one line`, { hint: 'A password is one line of text.' })
  return new Secret(value)
}

async function valueOf(reference: SecretRef, signal: AbortSignal, env: Readonly<Record<string, string | undefined>>): Promise<{ value: string; origin: string }> {
  if (typeof reference === 'string') return { value: substitute(reference, env), origin: 'the configuration' }
  if ('env' in reference) return { value: variable(reference.env, env), origin: `the environment variable ${reference.env}` }
  if ('file' in reference) return { value: withoutLineEnd(await fileText(reference.file)), origin: reference.file }
  return { value: withoutLineEnd(await commandText(reference.command, signal)), origin: 'its command' }
}

function substitute(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$\$\{|\$\{(\w+)\}/g, (whole, name: string | undefined) => name === undefined ? whole.slice(1) : variable(name, env))
}

function variable(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = env[name]
  if (value !== undefined) return value
  throw new AppError('config.secret', `The environment variable ${name} is not set`, { hint: 'Set it where Holdfast is started; cron and systemd do not read your shell\'s files.' })
}

async function fileText(file: string): Promise<string> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = await handle.stat()
    if (!stats.isFile()) throw new AppError('config.secret', `${file} is not a file`)
    if ((stats.mode & 0o006) !== 0) throw new AppError('config.unsafe', `The secret in ${file} is open to everybody`, { hint: `chmod o-rwx ${file}` })
    if ((stats.mode & 0o020) !== 0 && stats.gid !== 0) throw new AppError('config.unsafe', `The secret in ${file} can be changed by its group`, { hint: `chmod g-w ${file}` })
    if (stats.size > largestBytes) throw new AppError('config.secret', `${file} is too large for a password`)
    return decode(await handle.readFile(), file)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('config.secret', `The secret in ${file} ${systemCode(cause) === 'ENOENT' ? 'is not there: no such file' : `cannot be read: ${messageOf(cause)}`}`, { hint: 'Check the path and who may read it.', cause })
  }
}

async function commandText(command: string | readonly string[], signal: AbortSignal): Promise<string> {
  const [program = '/bin/sh', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  try {
    return await childText(program, args, { signal, timeoutMs: commandTimeoutMs, maxBytes: largestBytes })
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'interrupted') throw cause
    throw new AppError('config.secret', `The command for a secret gave none: ${messageOf(cause)}`, { hint: 'Run it by hand as the same user; it must print the secret and exit with status 0.', cause })
  }
}

function decode(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Not the cause: it may quote the bytes.
    throw new AppError('config.secret', `The secret in ${origin} is not UTF-8 text`)
  }
}

function withoutLineEnd(value: string): string {
  return value.replace(/\r?\n$/, '')
}
