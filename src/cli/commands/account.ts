import type { Command } from 'commander'
import { Option } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { accountNameSchema, roleSchema } from '../../model/api/access.ts'
import type { Role } from '../../model/api/access.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { newPassword } from '../new-password.ts'
import { audited, openAccess } from '../open-access.ts'
import { table } from '../output.ts'
import { localTime } from '../point-words.ts'

type Options = { data?: string; role?: Role }

export function addAccountCommand(program: Command): void {
  const account = program.command('account').description('the accounts of the server\'s dashboard, on the machine itself')
  const add = (name: string, description: string): Command => account.command(name).description(description).option('--data <folder>', 'the server\'s data folder, as "serve" takes it')
  const list = add('list', 'show the accounts')
  list.action(async (options: Options) => {
    await runCommand(list, async (context) => await listAccounts(context, options))
  })
  const make = add('add', 'add an account; the first one is an admin').argument('<name>', 'its name')
  make.addOption(new Option('--role <role>', 'what it may do (default: admin for the first one, else viewer)').choices(roleSchema.options)).action(async (name: string, options: Options) => {
    await runCommand(make, async (context) => await addAccount(context, name, options))
  })
  const password = add('password', 'set a lost password anew; ends the account\'s sessions').argument('<name>', 'its name')
  password.action(async (name: string, options: Options) => {
    await runCommand(password, async (context) => await setPassword(context, name, options))
  })
  const role = add('role', 'change what an account may do').argument('<name>', 'its name').argument('<role>', roleSchema.options.join(', '))
  role.action(async (name: string, wanted: string, options: Options) => {
    await runCommand(role, async (context) => await setRole(context, name, wanted, options))
  })
  const remove = add('remove', 'remove an account and end its sessions').argument('<name>', 'its name')
  remove.action(async (name: string, options: Options) => {
    await runCommand(remove, async (context) => await removeAccount(context, name, options))
  })
  const totpOff = add('totp-off', 'turn off a lost authenticator').argument('<name>', 'the account\'s name')
  totpOff.action(async (name: string, options: Options) => {
    await runCommand(totpOff, async (context) => await turnTotpOff(context, name, options))
  })
}

async function listAccounts(context: CommandContext, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  const accounts = await access.accounts.list()
  context.output.result(accounts, () => accounts.length === 0 ? 'There is no account yet.' : table(
    ['name', 'role', 'authenticator', 'added', 'last seen'],
    accounts.map(({ name, role, totp, createdAt, seenAt }) => [name, role, totp ? 'yes' : 'no', localTime(createdAt), seenAt === undefined ? 'never' : localTime(seenAt)]),
  ))
  return 0
}

async function addAccount(context: CommandContext, name: string, { data, role: given }: Options): Promise<number> {
  if (!accountNameSchema.safeParse(name).success) throw new AppError('usage', 'That is no name for an account', { hint: 'Take up to 64 letters, digits, ".", "_", "@" and "-".' })
  await using access = await openAccess(context, data)
  const role = given ?? (await access.hasAccounts() ? 'viewer' : 'admin')
  const password = await newPassword(context)
  await audited(access, 'add an account', `${name} (${role})`, async () => await access.accounts.add({ name, password, role }))
  context.output.result({ name, role }, () => `${name} may sign in now, as ${role}.`)
  return 0
}

async function setPassword(context: CommandContext, name: string, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  if (await access.accounts.find(name) === undefined) throw new AppError('access.unknown', `There is no account ${name}`, { hint: 'See "holdfast account list".' })
  const password = await newPassword(context)
  await audited(access, 'set a password', name, async () => await access.accounts.setPassword(name, password))
  context.output.result({ name }, () => `${name} has the new password; all of its devices are signed out.`)
  return 0
}

async function setRole(context: CommandContext, name: string, wanted: string, { data }: Options): Promise<number> {
  const role = roleSchema.safeParse(wanted)
  if (!role.success) throw new AppError('usage', `There is no role ${wanted}`, { hint: `Take one of ${roleSchema.options.join(', ')}.` })
  await using access = await openAccess(context, data)
  await audited(access, 'change an account', `${name}: role ${role.data}`, async () => await access.accounts.setRole(name, role.data))
  context.output.result({ name, role: role.data }, () => `${name} is ${role.data} now.`)
  return 0
}

async function removeAccount(context: CommandContext, name: string, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  await audited(access, 'remove an account', name, async () => await access.accounts.remove(name))
  context.output.result({ name }, () => `${name} is removed. Tokens belong to nobody: see "holdfast token list".`)
  return 0
}

async function turnTotpOff(context: CommandContext, name: string, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  await audited(access, 'turn off an authenticator', name, async () => {
    if (!await access.authenticators.remove(name)) throw new AppError('access.unknown', `There is no authenticator of an account ${name}`, { hint: 'See "holdfast account list".' })
  })
  context.output.result({ name }, () => `${name} signs in with the password alone now.`)
  return 0
}
