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
  const left = new Set((named === undefined ? applicationsIn(setup.stateRoot) : [named]).filter((app) => frozenRecords({ folder: join(setup.stateRoot, app) }).length > 0))
  const thawed: string[] = []
  const untilMs = performance.now() + waitMs
  for (;;) {
    for (const app of left) {
      const outcome = await thawApplication(setup.stateRoot, app, { signal, onEvent: progress.show })
      // A run that is at work has done it before anything else.
      if (outcome === 'failed') continue
      left.delete(app)
      thawed.push(app)
    }
    if (left.size === 0 || performance.now() > untilMs || signal.aborted) break
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
  output.result({ thawed, failed: [...left] }, () => [
    ...(thawed.length + left.size === 0 ? ['Nothing stands still.'] : []),
    ...thawed.map((app) => `${output.paint('green', 'running again:')} what belongs to ${printable(app)}`),
    ...[...left].map((app) => `${output.paint('red', 'still not running:')} what belongs to ${printable(app)}; its log says why`),
  ].join('\n'))
  return left.size === 0 ? 0 : 1
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
