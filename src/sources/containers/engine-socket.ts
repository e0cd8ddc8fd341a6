import { realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../kit/app-error.ts'

export type EngineEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The sockets of container engines on this machine, each once: the configured one alone, else that of DOCKER_HOST
 * alone, else every usual one that is there (Docker's, Podman's of root, Podman's of this user).
 * An empty list: no engine runs here.
 *
 * @throws AppError `containers.unreachable` where one is named and is no socket, or DOCKER_HOST is no socket of this machine.
 */
export function engineSockets(configured: string | undefined, env: EngineEnvironment): readonly string[] {
  const named = configured === undefined ? env['DOCKER_HOST'] : configured
  if (named !== undefined && named !== '') return [namedSocket(named, configured === undefined ? 'DOCKER_HOST' : 'containers.engine')]
  const runtimeFolder = env['XDG_RUNTIME_DIR']
  const usual = ['/var/run/docker.sock', '/run/podman/podman.sock', ...(runtimeFolder === undefined ? [] : [join(runtimeFolder, 'podman/podman.sock')])]
  // Podman's package for Docker's users makes the one a link to the other.
  return [...new Set(usual.flatMap((path) => isSocket(path) ? [realpathSync(path)] : []))]
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
