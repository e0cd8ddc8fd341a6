import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { missingLibc } from '../../disk/libc.ts'
import { messageOf } from '../../kit/app-error.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import { childText } from '../../kit/child.ts'
import { programVersion } from '../../kit/program-version.ts'
import { folderOf, presetWhereThere } from '../../runs/application.ts'
import { oneFolder, sameFolderMessage } from '../../runs/separate-vaults.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'

type Check = { readonly what: string; readonly state: 'ok' | 'note' | 'warning' | 'failed'; readonly message: string }

export function addDoctorCommand(program: Command): void {
  const command = program.command('doctor').description('check that this machine and the configuration are fit for backups')
  command.action(async () => {
    await runCommand(command, async (context) => {
      const checks = [...runtimeChecks(), ...await programChecks(context), ...folderChecks(context), ...await applicationChecks(context)]
      context.output.result(checks, () => checks.map(({ what, state, message }) => `${context.output.paint(({ ok: 'green', note: 'dim', warning: 'yellow', failed: 'red' } as const)[state], state.padEnd(7))} ${what}: ${message}`).join('\n'))
      return checks.some(({ state }) => state === 'failed') ? 1 : checks.some(({ state }) => state === 'warning') ? 3 : 0
    })
  })
}

function runtimeChecks(): Check[] {
  const missing = missingLibc()
  return [
    { what: 'Holdfast', state: 'ok', message: `${programVersion} on Node ${process.versions.node}, ${process.platform} ${process.arch}` },
    missing === undefined
      ? { what: 'metadata', state: 'ok', message: 'extended attributes, ACLs, holes and exact times are kept' }
      : { what: 'metadata', state: 'warning', message: `extended attributes, ACLs and holes are not kept: ${missing}` },
  ]
}

async function programChecks({ setup, signal }: CommandContext): Promise<Check[]> {
  const users = mariadbUsers(setup)
  const programs = [['mariadb-dump', 'mysqldump'], ['mariadb', 'mysql']] as const
  return await Promise.all(programs.map(async (names): Promise<Check> => {
    for (const name of names) {
      try {
        const version = await childText(name, ['--version'], { signal, timeoutMs: 10_000 })
        return { what: name, state: 'ok', message: version.trim() }
      } catch {
        // The other name may be there.
      }
    }
    const needed = users.length === 0 ? 'needed for MariaDB and MySQL databases' : `${users.join(', ')} cannot be backed up without it`
    return { what: names[0], state: users.length === 0 ? 'note' : 'failed', message: `not installed; ${needed} (package mariadb-client)` }
  }))
}

/** Applications whose databases a vendor's client of this machine dumps. */
function mariadbUsers(setup: CommandContext['setup']): readonly string[] {
  return Object.keys(setup.config?.apps ?? {}).filter((name) => {
    try {
      const app = setup.application(name)
      return (app.config.databases ?? presetWhereThere(app).databases?.(folderOf(app)) ?? []).some(({ type }) => type === 'mariadb')
    } catch {
      // Told where applications are looked at.
      return false
    }
  })
}

function folderChecks({ setup }: CommandContext): Check[] {
  const folders = [['state folder', setup.stateRoot], ...(setup.config === undefined ? [['default place', setup.defaultPlace]] : [])] as const
  return folders.map(([what = '', path = '']) => folderCheck(what, path))
}

function folderCheck(what: string, path: string): Check {
  let there = path
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  try {
    accessSync(there, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(there)
    return { what, state: bavail * bsize < 100e6 ? 'warning' : 'ok', message: `${path}${there === path ? '' : ' (will be made)'}, ${formatByteSize(bavail * bsize)} free` }
  } catch {
    return { what, state: 'failed', message: `${path} cannot be written by this user` }
  }
}

/** As a backup judges it: a folder whose parent is missing is rather a disk that is not mounted than a place to be made. */
function placeCheck(what: string, place: string, defaultPlace: string): Check {
  if (place !== defaultPlace && !existsSync(place) && !existsSync(dirname(place))) return { what, state: 'failed', message: `there is no folder ${place}, and none that it could be made in: is its disk mounted?` }
  return folderCheck(what, place)
}

async function applicationChecks(context: CommandContext): Promise<Check[]> {
  const { setup } = context
  if (setup.config === undefined) return [{ what: 'configuration', state: 'note', message: 'none; "holdfast init" makes one, "holdfast backup DIR" works without' }]
  const checks: Check[] = [{ what: 'configuration', state: 'ok', message: setup.configFile ?? '' }]
  for (const name of Object.keys(setup.config.apps)) {
    try {
      const app = setup.application(name)
      checks.push(existsSync(app.root) ? { what: name, state: 'ok', message: app.root } : { what: name, state: 'failed', message: `there is no folder ${app.root}` })
      const same = oneFolder(app.vaults)
      if (same !== undefined) checks.push({ what: name, state: 'failed', message: sameFolderMessage(same) })
      for (const vault of app.vaults) {
        checks.push(placeCheck(`${name} → ${vault.name}`, vault.place, setup.defaultPlace))
        if (`${vault.place}/`.startsWith(`${app.root}/`)) checks.push({ what: `${name} → ${vault.name}`, state: 'warning', message: `${vault.place} lies inside the application: what destroys the one destroys the other` })
      }
    } catch (error) {
      checks.push({ what: name, state: 'failed', message: messageOf(error) })
    }
  }
  return checks
}
