import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { Application } from '../../runs/application.ts'
import type { TouchAnswer } from '../../runs/touch.ts'
import { claimTouch, performTouch } from '../../runs/touch.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { globalWords } from '../global-words.ts'
import { launcherPath } from '../launcher-path.ts'
import { localTime } from '../point-words.ts'
import { backupOne } from './backup.ts'

/** What a caller can mend; everything else must not make a web page or a login fail. */
const misuse: ReadonlySet<string> = new Set(['usage', 'app.unknown', 'app.ambiguous', 'source.missing'])

export function addTouchCommand(program: Command): void {
  const command = program.command('touch')
    .description('say that the application is in use: the first time of a day starts a full backup in the background')
    .argument('[app]', 'the path of a folder, or an application of the configuration')
  command.option('--foreground', 'make the backup here and now, if none of today is there yet').action(async (app: string | undefined, options: { foreground?: boolean }) => {
    await runCommand(command, async (context) => options.foreground === true ? await backUpNow(context, app) : await touch(context, app), {
      settle: (error, status) => options.foreground === true || (error instanceof AppError && misuse.has(error.code)) ? status : 0,
    })
  })
}

async function touch(context: CommandContext, named: string | undefined): Promise<number> {
  const { setup, output } = context
  const app = setup.application(named)
  if (!existsSync(app.root)) throw new AppError('source.missing', `There is no folder ${app.root}`, { hint: 'Check the path.' })
  const answer = await claimTouch(await setup.state(app.name), new Date())
  if (answer.state === 'due') await startInBackground(context, app)
  output.say(describe(app, answer))
  if (output.json) output.result({ app: app.name, state: answer.state === 'due' ? 'started' : answer.state, ...('until' in answer ? { until: answer.until.toISOString() } : {}), error: answer.record.error }, () => '')
  return 0
}

async function backUpNow(context: CommandContext, named: string | undefined): Promise<number> {
  const app = context.setup.application(named)
  let status = 0
  const result = await performTouch(await context.setup.state(app.name), () => new Date(), async () => {
    status = await backupOne(context, named, { verify: true, full: true })
    return status === 0
  })
  if (result === 'done') context.output.say(`today's full backup of ${printable(app.name)} is there`)
  return status
}

/** In a session of its own and with nothing of the caller's open: it lives on when the caller ends, and holds no pipe of it. */
async function startInBackground(context: CommandContext, app: Application): Promise<void> {
  const child = spawn(launcherPath(), [...globalWords(context), 'touch', app.configured ? app.name : app.root, '--foreground', '--no-ask'], { detached: true, stdio: 'ignore', cwd: '/' })
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new AppError('process.failed', 'The backup could not be started in the background', { cause })
  }
  child.unref()
}

function describe(app: Application, answer: TouchAnswer): string {
  const name = printable(app.name)
  const failed = answer.record.error === undefined ? '' : ` (the last attempt failed: ${printable(answer.record.error.message)} [${answer.record.error.code}])`
  switch (answer.state) {
    case 'due': return `a full backup of ${name} has begun in the background${failed}`
    case 'done': return `today's full backup of ${name} is there`
    case 'running': return `a run of ${name} is at work`
    case 'waiting': return `a backup of ${name} was begun at ${localTime(answer.record.triedAt ?? '')}; if it does not end well, one is tried again after ${localTime(answer.until.toISOString())}${failed}`
  }
}
