import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { parseDuration } from '../../kit/duration.ts'
import { printable } from '../../kit/printable.ts'
import { frozenRecords } from '../../runs/guard/frozen-record.ts'
import { thawApplication } from '../../runs/guard/thaw-application.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { Progress } from '../progress.ts'

type Options = { all?: boolean; wait: number }

const pauseMs = 2000
/** A guard or a run that is about to end is waited for; a backup that goes on for hours starts them itself. */
const busyPauseMs = 200
const busyForMs = 10_000

export function addThawCommand(program: Command): void {
  const command = program.command('thaw').description('start containers again that an interrupted run has left standing still').argument('[app]', 'an application; by default all')
  command
    .option('--all', 'all applications; what the boot unit runs')
    .option('--wait <time>', 'how long to try, where the container engine is still starting', wait, 120_000)
    .action(async (app: string | undefined, options: Options) => {
      await runCommand(command, async (context) => await thaw(context, app, options))
    })
}

async function thaw(context: CommandContext, named: string | undefined, { all, wait: waitMs }: Options): Promise<number> {
  const { output, setup, signal } = context
  if (named !== undefined && all === true) throw new AppError('usage', 'Either one application or --all', { hint: 'Leave one of them out.' })
  using progress = new Progress(output)
  const still = (app: string): boolean => frozenRecords({ folder: join(setup.stateRoot, app) }).length > 0
  const left = new Set((named === undefined ? applicationsIn(setup.stateRoot) : [named]).filter(still))
  const busy = new Set<string>()
  const thawed: string[] = []
  const startMs = performance.now()
  for (;;) {
    for (const app of left) {
      const outcome = await thawApplication(setup.stateRoot, app, { signal, onEvent: progress.show })
      // The run at work may be the one that stopped them, and then they stand still until it ends.
      if (outcome === 'locked' && still(app)) busy.add(app)
      else busy.delete(app)
      if (outcome === 'failed' || busy.has(app)) continue
      left.delete(app)
      thawed.push(app)
    }
    const onlyBusy = left.size === busy.size
    if (left.size === 0 || performance.now() - startMs > (onlyBusy ? Math.min(waitMs, busyForMs) : waitMs) || signal.aborted) break
    await sleep(onlyBusy ? busyPauseMs : pauseMs, undefined, { signal }).catch(() => undefined)
  }
  const failed = [...left].filter((app) => !busy.has(app))
  output.result({ thawed, busy: [...busy], failed }, () => [
    ...(thawed.length + left.size === 0 ? ['Nothing stands still.'] : []),
    ...thawed.map((app) => `${output.paint('green', 'running again:')} what belongs to ${printable(app)}`),
    ...[...busy].map((app) => `${output.paint('yellow', 'a run is at work:')} it starts what belongs to ${printable(app)} again when it is done with it`),
    ...failed.map((app) => `${output.paint('red', 'still not running:')} what belongs to ${printable(app)}; its log says why`),
  ].join('\n'))
  return failed.length === 0 ? 0 : 1
}

function applicationsIn(stateRoot: string): readonly string[] {
  try {
    return readdirSync(stateRoot, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function wait(value: string): number {
  try {
    return parseDuration(value)
  } catch {
    throw new InvalidArgumentError('write a length of time such as 30s or 2m')
  }
}
