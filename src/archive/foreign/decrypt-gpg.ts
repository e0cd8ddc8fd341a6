import { open, mkdtemp, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../kit/app-error.ts'
import { childOutput } from '../../kit/child.ts'
import type { Secret } from '../../kit/secret.ts'
import { temporaryName } from '../../kit/temporary-name.ts'
import { damaged } from '../damaged.ts'

/**
 * True for what `gpg -c` writes (RFC 4880, 4.2 and 5.3): a symmetric-key packet of version 4 (or 5), in the old or the new
 * format, or the same as text.
 */
export function isGpg(start: Uint8Array): boolean {
  if (Buffer.from(start.subarray(0, 27)).toString('latin1') === '-----BEGIN PGP MESSAGE-----') return true
  const oldFormat = start[0] === 0x8c
  const newFormat = start[0] === 0xc3
  return (oldFormat || newFormat) && (start[1] ?? 0) < 192 && (start[2] === 4 || start[2] === 5)
}

/**
 * What gpg decrypts, as it comes: whoever reads it must not trust it before it has ended, as gpg compares its integrity code
 * then. The password goes through a nameless file, and gpg gets a folder of its own, without keys or configuration.
 * @throws AppError `archive.password`, `archive.damaged`, `process.missing`, `interrupted`.
 */
export async function* decryptGpg(encrypted: (signal: AbortSignal) => AsyncIterable<Uint8Array>, password: Secret | undefined, tempFolder: string | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (password === undefined) throw new AppError('archive.password', 'The archive is encrypted by gpg', { hint: 'Give its password (--password-file).' })
  const home = await mkdtemp(join(tempFolder ?? tmpdir(), 'gpg-'))
  let sizeBytes = 0
  try {
    await using secret = await nameless(home, password)
    // Without an agent: with the password at hand it is not asked, and would outlive us.
    const args = ['--homedir', home, '--no-options', '--no-autostart', '--batch', '--no-tty', '--quiet', '--pinentry-mode', 'loopback', '--passphrase-fd', '3', '--decrypt']
    for await (const bytes of childOutput('gpg', args, { signal, stdin: encrypted(signal), inherit: [secret.fd], env: { GNUPGHOME: home, LC_ALL: 'C' } })) {
      sizeBytes += bytes.length
      yield bytes
    }
  } catch (cause) {
    throw explained(cause, sizeBytes)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function explained(cause: unknown, sizeBytes: number): unknown {
  if (!(cause instanceof AppError) || cause.code === 'interrupted') return cause
  if (cause.code === 'process.missing') return new AppError('process.missing', 'The archive is encrypted by gpg, which is not installed here', { hint: 'Install the Debian package gnupg.', cause })
  if (cause.code !== 'process.failed') return cause
  // What gpg could not be given is told by whoever gave it.
  if (cause.cause instanceof AppError) return cause.cause
  // A wrong password nearly always shows before the first plain byte.
  if (sizeBytes === 0) return new AppError('archive.password', 'gpg cannot decrypt the archive: the password is wrong, or the archive is damaged at its beginning', { hint: 'Give the password that the archive was written with.', cause })
  return damaged('gpg found its encrypted bytes changed or cut', cause)
}

async function nameless(folder: string, password: Secret): Promise<AsyncDisposable & { readonly fd: number }> {
  const path = join(folder, temporaryName())
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    // gpg reads it up to the line's end, from where the descriptor stands.
    const text = Buffer.from(`${password.reveal()}\n`)
    await file.write(text, 0, text.length, 0)
  } catch (error) {
    await file.close()
    throw error
  }
  return { fd: file.fd, [Symbol.asyncDispose]: async () => await file.close() }
}
