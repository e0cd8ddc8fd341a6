import { realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../kit/app-error.ts'

export type EngineEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The sockets of container engines on this machine, each once: the configured one alone, else that of DOCKER_HOST
 * alone, else every usual one that is there. An empty list: none was found where one usually is.
 *
 * @param root whose owner may have an engine of their own.
 * @throws AppError `containers.unreachable` where one is named and is no socket, or DOCKER_HOST is no socket of this machine.
 */
export function engineSockets(configured: string | undefined, env: EngineEnvironment, root?: string): readonly string[] {
  const named = configured === undefined ? env['DOCKER_HOST'] : configured
  if (named !== undefined && named !== '') return [namedSocket(named, configured === undefined ? 'DOCKER_HOST' : 'containers.engine')]
  // Podman's package for Docker's users makes the one a link to the other.
  return [...new Set(usualSockets(env, root).flatMap((path) => isSocket(path) ? [realpathSync(path)] : []))]
}

/**
 * Where engines usually have theirs: Docker's, Podman's of root, and those of this user and of the root folder's owner. Cron does not
 * set XDG_RUNTIME_DIR.
 */
export function usualSockets(env: EngineEnvironment, root?: string): readonly string[] {
  const users = [process.getuid?.(), root === undefined ? undefined : statSync(root, { throwIfNoEntry: false })?.uid]
  const folders = [env['XDG_RUNTIME_DIR'], ...users.map((uid) => uid === undefined ? undefined : `/run/user/${uid}`)].flatMap((folder) => folder === undefined || folder === '' ? [] : [folder])
  return [...new Set(['/var/run/docker.sock', '/run/podman/podman.sock', ...folders.flatMap((folder) => [join(folder, 'podman/podman.sock'), join(folder, 'docker.sock')])])]
}

/** The user whose engine it is, where that is not root's. */
export function userOfSocket(socket: string): number | undefined {
  const { uid } = statSync(socket)
  return uid === 0 ? undefined : uid
}

function namedSocket(named: string, where: string): string {
  const path = named.replace(/^unix:\/\//, '')
  if (!path.startsWith('/')) throw new AppError('containers.unreachable', `${where} names ${named}, which is no socket of this machine`, { hint: 'Name the engine\'s own socket: containers: {engine: /var/run/docker.sock}.' })
  if (!isSocket(path)) throw new AppError('containers.unreachable', `${where} names the socket ${path}, and there is none`, { hint: 'Start the container engine, or correct the path.' })
  return realpathSync(path)
}

/** A folder that may not be looked into holds the engine of somebody else. */
function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket()
  } catch {
    return false
  }
}
