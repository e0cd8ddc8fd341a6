import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { Engine } from './engine-client.ts'

export type Mount = {
  readonly kind: 'bind' | 'volume' | 'other'
  /** A named volume's name. */
  readonly name?: string
  /** Where it lies on this machine. */
  readonly source: string
  /** Where the container sees it. */
  readonly destination: string
  readonly writable: boolean
}

type ContainerState = 'running' | 'paused' | 'stopped'

export type Container = {
  readonly engine: Engine
  readonly id: string
  readonly name: string
  /** Its name in a compose file. */
  readonly service?: string
  readonly project?: string
  readonly projectFolder?: string
  /** Made by `docker compose run`: it has the service's labels, and is not the service. */
  readonly isOneOff: boolean
  readonly image: string
  readonly state: ContainerState
  readonly createdAt: string
  /** When it was started last; undefined where it never was. */
  readonly startedAt?: string
  /** How its last run ended; 137: it was killed. */
  readonly exitCode?: number
  /** Stopping such a one removes it. */
  readonly removedOnStop: boolean
  /** What the engine waits for a stop until it kills. */
  readonly stopSeconds: number
  /** Services of the same project that it depends on. */
  readonly dependsOn: readonly string[]
  /** The id of the container whose network it shares. */
  readonly networkOf?: string
  readonly mounts: readonly Mount[]
  readonly environment: ReadonlyMap<string, string>
  readonly command: readonly string[]
}

/** Docker's own. */
const usualStopSeconds = 10

const listSchema = z.array(z.object({ Id: z.string().min(1) }))
const texts = z.array(z.string()).nullish()
const inspectSchema = z.object({
  Id: z.string().min(1),
  Name: z.string(),
  Created: z.string(),
  State: z.object({ Running: z.boolean(), Paused: z.boolean().optional(), Restarting: z.boolean().optional(), StartedAt: z.string().nullish(), ExitCode: z.number().nullish() }),
  Path: z.string().nullish(),
  Args: texts,
  Config: z.object({ Image: z.string().nullish(), Env: texts, Labels: z.record(z.string(), z.string()).nullish(), StopTimeout: z.number().nullish() }),
  HostConfig: z.object({ AutoRemove: z.boolean().nullish(), NetworkMode: z.string().nullish() }),
  Mounts: z.array(z.object({ Type: z.string().nullish(), Name: z.string().nullish(), Source: z.string().nullish(), Destination: z.string().nullish(), RW: z.boolean().nullish() })).nullish(),
})

/** Every container that an engine knows, running or not. */
export async function listContainers(engine: Engine, signal: AbortSignal): Promise<readonly Container[]> {
  const list = await engine.json('GET', '/containers/json?all=1', listSchema, { signal })
  const found: Container[] = []
  for (const { Id } of list) {
    const container = await inspectContainer(engine, Id, signal)
    // It may have been removed since the list was made.
    if (container !== undefined) found.push(container)
  }
  return found
}

/** A container as it is now; undefined where there is none of that id. */
export async function inspectContainer(engine: Engine, id: string, signal: AbortSignal): Promise<Container | undefined> {
  const { status, text } = await engine.call('GET', `/containers/${encodeURIComponent(id)}/json`, { signal, accept: [200, 404] })
  if (status === 404) return undefined
  let parsed
  try {
    parsed = inspectSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError('containers.unreachable', `What the container engine at ${engine.socket} says of the container ${id} is not understood`, { cause })
  }
  const { Config: config, HostConfig: host, State: state } = parsed
  const labels = config.Labels ?? {}
  const label = (...names: readonly string[]): string | undefined => names.map((name) => labels[name]).find((value) => value !== undefined && value !== '')
  const service = label('com.docker.compose.service', 'io.podman.compose.service')
  const project = label('com.docker.compose.project', 'io.podman.compose.project')
  const projectFolder = label('com.docker.compose.project.working_dir', 'io.podman.compose.project.working_dir')
  const network = /^container:(.+)$/.exec(host.NetworkMode ?? '')?.[1]
  return {
    engine,
    id: parsed.Id,
    name: parsed.Name.replace(/^\//, ''),
    ...(service === undefined ? {} : { service }),
    ...(project === undefined ? {} : { project }),
    ...(projectFolder === undefined ? {} : { projectFolder }),
    isOneOff: label('com.docker.compose.oneoff')?.toLowerCase() === 'true',
    image: config.Image ?? '',
    state: state.Paused === true ? 'paused' : state.Running || state.Restarting === true ? 'running' : 'stopped',
    createdAt: parsed.Created,
    // Year 1 stands for never.
    ...(state.StartedAt === undefined || state.StartedAt === null || state.StartedAt === '' || state.StartedAt.startsWith('0001') ? {} : { startedAt: state.StartedAt }),
    ...(state.ExitCode === undefined || state.ExitCode === null ? {} : { exitCode: state.ExitCode }),
    removedOnStop: host.AutoRemove === true,
    // Podman notes 0 where nobody said anything, and would kill at once.
    stopSeconds: config.StopTimeout === undefined || config.StopTimeout === null || config.StopTimeout <= 0 ? usualStopSeconds : config.StopTimeout,
    // `db:service_started:false,cache:service_healthy:true`
    dependsOn: (label('com.docker.compose.depends_on') ?? '').split(',').flatMap((part) => part === '' ? [] : [part.split(':')[0] ?? '']),
    ...(network === undefined ? {} : { networkOf: network }),
    mounts: (parsed.Mounts ?? []).flatMap(({ Type, Name, Source, Destination, RW }): Mount[] => {
      if (Source === undefined || Source === null || Source === '') return []
      return [{ kind: Type === 'bind' || Type === 'volume' ? Type : 'other', ...(Type === 'volume' && Name !== undefined && Name !== null && Name !== '' ? { name: Name } : {}), source: Source, destination: Destination ?? '', writable: RW !== false }]
    }),
    environment: new Map((config.Env ?? []).map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
    })),
    command: [...(parsed.Path === undefined || parsed.Path === null ? [] : [parsed.Path]), ...(parsed.Args ?? [])],
  }
}
