import { randomBytes } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenMariadbOptions } from './mariadb-options.ts'

/**
 * An option file for the client programs that has no name: created with mode 0600 in memory (/dev/shm, else the
 * temporary folder), unlinked before the password is written to it, and handed over as an inherited descriptor.
 * So the password is in no argument, no environment and no folder, and is gone when the last holder closes it.
 */
export async function openOptionFile(options: OpenMariadbOptions): Promise<FileHandle> {
  const text = optionFileText(options)
  const name = `.holdfast-${randomBytes(8).toString('hex')}`
  const path = join('/dev/shm', name)
  const file = await open(path, 'wx+', 0o600).then((handle) => ({ handle, path })).catch(async () => {
    const other = join(tmpdir(), name)
    return { handle: await open(other, 'wx+', 0o600), path: other }
  })
  try {
    await unlink(file.path)
    await file.handle.writeFile(text)
    return file.handle
  } catch (error) {
    await file.handle.close()
    throw error
  }
}

/** True where nothing is told of how to connect: then the client's own option files (`~/.my.cnf`) apply. */
export function usesOwnOptionFiles(options: OpenMariadbOptions): boolean {
  return options.user === undefined && options.password === undefined && options.host === undefined && options.socket === undefined && options.port === undefined
}

/** What tells the client programs how to connect. */
export function optionFileText(options: OpenMariadbOptions): string {
  const lines = ['[client]']
  const set = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) lines.push(`${name}=${typeof value === 'number' ? value : quoted(value)}`)
  }
  set('user', options.user)
  set('password', options.password?.reveal())
  set('socket', options.socket)
  if (options.socket === undefined) {
    set('host', options.host)
    set('port', options.port)
    // For "localhost" the clients take the socket, whatever the port.
    if (options.port !== undefined || (options.host !== undefined && options.host !== 'localhost')) lines.push('protocol=TCP')
  }
  if (options.tls === false) lines.push('loose-skip-ssl')
  else if (options.tls !== undefined) {
    lines.push('ssl')
    set('ssl-ca', options.tls.ca)
    set('ssl-cert', options.tls.cert)
    set('ssl-key', options.tls.key)
    if (options.tls.verify !== undefined) lines.push(options.tls.verify ? 'ssl-verify-server-cert' : 'disable-ssl-verify-server-cert')
  }
  return `${lines.join('\n')}\n`
}

/** As my_load_defaults reads values: quotes keep spaces and `#`, a backslash escapes. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`
}
