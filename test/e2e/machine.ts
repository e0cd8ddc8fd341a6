import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
/** The program as it is published, where `npm test` has made it; else that of the clone, from source. */
export const launcher = process.env['HOLDFAST_TEST_LAUNCHER'] ?? join(projectFolder, 'bin/holdfast')

type Call = { readonly env?: Record<string, string>; readonly cwd?: string; readonly status?: number; readonly config?: false; readonly started?: (pid: number) => void }

/**
 * Stands for one machine: a home, a state folder, a configuration, an application's folder and a place for archives, all in one
 * temporary folder, so that nothing of the real machine is read or written. Each call runs `launcher` as users do,
 * without a terminal.
 */
export class Machine implements AsyncDisposable {
  readonly folder: string
  readonly app: string
  readonly place: string
  readonly state: string
  readonly home: string
  readonly configFile: string

  constructor(folder: string) {
    this.folder = folder
    this.app = join(folder, 'demo')
    this.place = join(folder, 'place')
    this.state = join(folder, 'state')
    this.home = join(folder, 'home')
    this.configFile = join(folder, 'holdfast.yaml')
  }

  get env(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, 'config'),
      XDG_DATA_HOME: join(this.home, 'data'),
      XDG_STATE_HOME: join(this.home, 'state'),
      HOLDFAST_STATE: this.state,
    }
  }

  /** Runs a command; it fails the test when the exit status is not `status` (0 unless told). */
  async holdfast(args: readonly string[], { env = {}, cwd, status = 0, config, started }: Call = {}): Promise<Answer> {
    const answer = await this.anyStatus(args, { env, ...(cwd === undefined ? {} : { cwd }), ...(config === undefined ? {} : { config }), ...(started === undefined ? {} : { started }) })
    assert.equal(answer.status, status, `holdfast ${args.join(' ')} ended with ${answer.status} instead of ${status}:\n${answer.stdout}${answer.stderr}`)
    return answer
  }

  async anyStatus(args: readonly string[], { env = {}, cwd, config, started }: Omit<Call, 'status'> = {}): Promise<Answer> {
    return await answerOf(launcher, [...(config === false ? [] : ['--config', this.configFile]), ...args], {
      cwd: cwd ?? this.folder, env: { ...this.env, ...env }, ...(started === undefined ? {} : { started }),
    })
  }

  /** Runs a command with `--json`, and gives the one value that it prints. */
  async json(args: readonly string[], call: Call = {}): Promise<unknown> {
    return JSON.parse((await this.holdfast([...args, '--json'], call)).stdout)
  }

  /** Makes one backup and gives its points. */
  async backup(args: readonly string[], call: Call = {}): Promise<readonly Snapshot[]> {
    return backupSchema.parse(await this.json(['backup', ...args], call)).snapshots
  }

  async points(place = this.place): Promise<readonly Snapshot[]> {
    return z.array(snapshotSchema).parse(await this.json(['list', '--from', place]))
  }

  /** Writes the configuration; JSON is YAML too. */
  async configure(config: unknown): Promise<void> {
    await writeFile(this.configFile, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2))
    await chmod(this.configFile, 0o600)
  }

  /** All that the runs of an application wrote: journals or readable logs. */
  async journals(ending: '.ndjson' | '.log', app = 'demo'): Promise<string> {
    const folder = join(this.state, app, 'runs')
    const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort()
    return (await Promise.all(names.map(async (name) => await readFile(join(folder, name), 'utf8')))).join('')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

const backupSchema = z.object({ outcome: z.string(), snapshots: z.array(snapshotSchema) })

/** A new machine with an empty application, and a configuration without applications. */
export async function newMachine(): Promise<Machine> {
  const machine = new Machine(await mkdtemp(join(tmpdir(), 'holdfast-e2e-')))
  for (const folder of [machine.app, machine.place, machine.home]) await mkdir(folder)
  await machine.configure({ apps: {} })
  return machine
}
