import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { printable } from '../../kit/printable.ts'
import type { Status } from '../../model/status.ts'
import type { Vault } from '../../model/vault.ts'
import { judgeStatus } from '../../policy/judge-status.ts'
import type { Application } from '../../runs/application.ts'
import { gatherStatus } from '../../runs/gather-status.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import type { Output } from '../output.ts'
import { addPasswordOptions, placeOptions } from '../place-options.ts'
import { localTime } from '../point-words.ts'
import { quietRun } from '../quiet-run.ts'

export function addStatusCommand(program: Command): void {
  const command = program.command('status').description('judge how every application stands').argument('[app]', 'an application, or the path of a folder')
  addPasswordOptions(command).option('--place <place>', 'the folder of restore points, where there is no configuration').action(async (app: string | undefined, options: { place?: string }) => {
    await runCommand(command, async (context) => {
      const statuses: Status[] = []
      for (const application of subjects(context, app, options.place)) statuses.push(await judge(context, application, placeOptions(command.opts())))
      context.output.result(app === undefined ? statuses : statuses[0], () => statuses.map((status) => describe(status, context.output)).join('\n\n'))
      return statuses.some(({ state }) => state === 'failed' || state === 'never') ? 1 : statuses.some(({ state }) => state === 'warning') ? 3 : 0
    })
  })
}

function subjects({ setup }: CommandContext, app: string | undefined, place: string | undefined): readonly Application[] {
  if (app === undefined && setup.config !== undefined) return Object.keys(setup.config.apps).map((name) => setup.application(name))
  if (app === undefined) throw new AppError('app.unknown', 'Status of which application?', { hint: 'Name its folder (holdfast status /srv/demo --place PLACE), or make a configuration with "holdfast init".' })
  const application = setup.application(app)
  return [place === undefined ? application : { ...application, vaults: [setup.placePlan(place)] }]
}

async function judge({ setup, output, signal }: CommandContext, application: Application, place: ReturnType<typeof placeOptions>): Promise<Status> {
  const vaults = await Promise.all(application.vaults.map(async (plan): Promise<{ name: string; vault: Vault | AppError }> => {
    try {
      // Looking must not make the folder of a disk that is not mounted.
      if (!existsSync(plan.place)) return { name: plan.name, vault: new AppError('vault.missing', `There is no folder ${plan.place}`) }
      return await setup.openVault(plan, place)
    } catch (error) {
      if (error instanceof AppError) return { name: plan.name, vault: error }
      throw error
    }
  }))
  const { name, root, config } = application
  const input = await gatherStatus({ app: name, root, expect: config.expect, scope: config.scope, vaults }, await setup.state(name), quietRun(output, signal))
  return judgeStatus(input, new Date())
}

function describe(status: Status, output: Output): string {
  const color = status.state === 'ok' || status.state === 'running' ? 'green' : status.state === 'warning' ? 'yellow' : 'red'
  const lines = [`${output.paint(color, status.state.toUpperCase())}  ${printable(status.app)}: ${printable(status.sentence)}`]
  for (const { severity, message } of status.reasons) lines.push(`  ${output.paint(severity === 'failed' ? 'red' : 'yellow', severity)}  ${printable(message)}`)
  for (const { name, reachable, points, newest } of status.vaults) {
    lines.push(`  ${printable(name)}: ${reachable ? `${points} restore points${newest === undefined ? '' : `, the newest sound one of ${localTime(newest.startedAt)} (${newest.id})`}` : 'not reachable'}`)
  }
  return lines.join('\n')
}
