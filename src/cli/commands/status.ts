import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { Status } from '../../model/status.ts'
import type { Vault } from '../../model/vault.ts'
import { judgeStatus } from '../../policy/judge-status.ts'
import type { Application } from '../../runs/application.ts'
import type { GatheredStatus } from '../../runs/gather-status.ts'
import { gatherStatus } from '../../runs/gather-status.ts'
import { destinationsOf, jeedomStatusOf } from '../../runs/jeedom-status-of.ts'
import { pushJeedomStatus } from '../../runs/push-jeedom-status.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import type { Output } from '../output.ts'
import { addPasswordOptions, placeOptions } from '../place-options.ts'
import { localTime } from '../point-words.ts'
import { quietRun } from '../quiet-run.ts'

type Options = { place?: string; app?: string; format?: 'jeedom'; send?: boolean }

export function addStatusCommand(program: Command): void {
  const command = program.command('status').description('judge how every application stands').argument('[app]', 'an application, or the path of a folder')
  addPasswordOptions(command).option('--place <place>', 'the folder of restore points, where there is no configuration').option('--app <name>', 'as the argument')
    .addOption(new Option('--format <format>', 'for a program that reads it: the value of Jeedom\'s backup tile').choices(['jeedom']))
    .option('--send', 'with --format jeedom: set the command "status" of the configured Jeedom to it')
    .action(async (named: string | undefined, options: Options) => {
    const app = named ?? options.app
    await runCommand(command, async (context) => {
      if (options.format === 'jeedom') return await forJeedom(context, app, options, placeOptions(command.opts()))
      if (options.send === true) throw new AppError('usage', '--send goes with --format jeedom')
      const statuses: Status[] = []
      for (const application of subjects(context, app, options.place)) statuses.push(judgeStatus(await gather(context, application, placeOptions(command.opts())), new Date()))
      context.output.result(app === undefined ? statuses : statuses[0], () => statuses.map((status) => describe(status, context.output)).join('\n\n'))
      return statuses.some(({ state }) => state === 'failed' || state === 'never') ? 1 : statuses.some(({ state }) => state === 'warning') ? 3 : 0
    })
  })
}

/** One line of JSON, whatever it says: who asks for it reads the trouble in it. */
async function forJeedom(context: CommandContext, app: string | undefined, options: Options, place: ReturnType<typeof placeOptions>): Promise<number> {
  const [application, ...others] = subjects(context, app, options.place)
  if (application === undefined || others.length > 0) throw new AppError('app.ambiguous', 'The status for Jeedom is that of one application', { hint: 'Name it: --app NAME.' })
  const status = jeedomStatusOf(await gather(context, application, place), application.config.expect, new Date(), destinationsOf(application))
  if (options.send === true) {
    const { jeedom } = application.config
    if (jeedom?.status === undefined) throw new AppError('config.invalid', `${application.name} has no Jeedom whose command could be set`, { hint: 'Write jeedom: {url, apiKey, status} into holdfast.yaml.' })
    await pushJeedomStatus(jeedom, status, context.signal)
  }
  process.stdout.write(`${JSON.stringify(status)}\n`)
  return 0
}

function subjects({ setup }: CommandContext, app: string | undefined, place: string | undefined): readonly Application[] {
  if (app === undefined && setup.config !== undefined) return Object.keys(setup.config.apps).map((name) => setup.application(name))
  if (app === undefined) throw new AppError('app.unknown', 'Status of which application?', { hint: 'Name its folder (holdfast status /srv/demo --place PLACE), or make a configuration with "holdfast init".' })
  const application = setup.application(app)
  return [place === undefined ? application : { ...application, vaults: [setup.placePlan(place)] }]
}

async function gather({ setup, output, signal }: CommandContext, application: Application, place: ReturnType<typeof placeOptions>): Promise<GatheredStatus> {
  const vaults = await Promise.all(application.vaults.map(async (plan): Promise<{ name: string; vault: Vault | AppError }> => {
    try {
      // Looking must not make the folder of a disk that is not mounted.
      if (!existsSync(plan.place)) return { name: plan.name, vault: new AppError('vault.missing', `There is no folder ${plan.place}${application.configured ? '' : '; with --place you name the one that holds the restore points'}`) }
      return await setup.openVault(plan, place)
    } catch (error) {
      if (error instanceof AppError) return { name: plan.name, vault: error }
      throw error
    }
  }))
  const { name, root, config } = application
  return await gatherStatus({ app: name, root, expect: config.expect, schedule: config.schedule, scope: config.scope, vaults }, await setup.state(name), quietRun(output, signal))
}

function describe(status: Status, output: Output): string {
  const color = status.state === 'ok' || status.state === 'running' ? 'green' : status.state === 'warning' ? 'yellow' : 'red'
  const lines = [`${output.paint(color, status.state.toUpperCase())}  ${printable(status.app)}: ${printable(status.sentence)}`]
  for (const { severity, message } of status.reasons) lines.push(`  ${output.paint(severity === 'failed' ? 'red' : 'yellow', severity)}  ${printable(message)}`)
  for (const { name, reachable, points, newest } of status.vaults) {
    lines.push(`  ${printable(name)}: ${reachable ? `${points} restore ${points === 1 ? 'point' : 'points'}${newest === undefined ? '' : `, the newest sound one of ${localTime(newest.startedAt)} (${newest.id})`}` : 'not reachable'}`)
  }
  return lines.join('\n')
}
