import type { AppConfig, Config } from './config-schema.ts'
import type { Explanation } from './explain-issue.ts'
import { nearestName } from './nearest-name.ts'

/** What the schema cannot see: names of vaults that are not there, passwords that a format cannot keep, and databases that would be saved in no way. */
export function checkReferences(config: Config): readonly Explanation[] {
  return Object.entries(config.apps).flatMap(([name, app]) => [...checkVaultNames(config, name, app), ...checkPasswords(config, name, app), ...checkDumps(name, app)])
}

function checkVaultNames(config: Config, name: string, app: AppConfig): readonly Explanation[] {
  return (app.vaults ?? []).flatMap((vault, index): Explanation[] => {
    if (Object.hasOwn(config.vaults, vault)) return []
    const near = nearestName(vault, Object.keys(config.vaults))
    return [{ path: ['apps', name, 'vaults', index], at: 'value', message: `there is no vault "${vault}"${near === undefined ? '' : `; did you mean "${near}"?`}` }]
  })
}

function checkDumps(name: string, { containers }: AppConfig): readonly Explanation[] {
  if (containers === undefined) return []
  return Object.entries(containers.services).flatMap(([service, { mode, dump }]): Explanation[] => mode === 'exec' && dump === false
    ? [{ path: ['apps', name, 'containers', 'services', service, 'dump'], at: 'value', message: `"${service}" is to be dumped (mode: exec), and "dump: false" says that it is not: its files would be neither` }]
    : [])
}

/** Plain archives where a password is set would be the worst of all answers, so this is told before anything is written. */
function checkPasswords(config: Config, name: string, app: AppConfig): readonly Explanation[] {
  const used = Object.entries(config.vaults).filter(([vault]) => app.vaults === undefined || app.vaults.includes(vault))
  const plans = used.length === 0 ? [{ path: ['apps', name, 'password'], password: app.password, format: app.format }] : used.map(([vaultName, vault]) => ({
    path: app.password === undefined ? ['vaults', vaultName, 'password'] : ['apps', name, 'password'],
    password: app.password ?? vault.password,
    format: app.format ?? vault.format,
  }))
  return plans.filter(({ password, format }) => password !== undefined && format !== undefined && format !== 'zip').slice(0, 1).map(({ path, format }) => (
    { path, at: 'key', message: `archives of "${name}" in the format ${format} cannot be encrypted; use zip, or remove the password` }
  ))
}
