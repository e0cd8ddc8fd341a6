import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { AppError } from '../../kit/app-error.ts'
import { newTokenSchema, roleSchema } from '../../model/api/access.ts'
import type { Role, Token } from '../../model/api/access.ts'
import type { CommandContext } from '../command-context.ts'
import { runCommand } from '../command-context.ts'
import { audited, openAccess } from '../open-access.ts'
import { table } from '../output.ts'
import { localTime } from '../point-words.ts'

type Options = { data?: string; role?: Role; app?: string[]; widget?: boolean; frameAncestors?: string[]; days?: number }

export function addTokenCommand(program: Command): void {
  const token = program.command('token').description('tokens for programs and widgets that ask the server, on the machine itself')
  const add = (name: string, description: string): Command => token.command(name).description(description).option('--data <folder>', 'the server\'s data folder, as "serve" takes it')
  const create = add('create', 'make a token; its text is printed this once').argument('[name]', 'what lists call it')
  create
    .addOption(new Option('--role <role>', 'what it may do').choices(roleSchema.options).default('viewer'))
    .option('--app <name...>', 'only these applications')
    .option('--widget', 'may only read widgets; for pages that show one')
    .option('--frame-ancestors <origin...>', 'with --widget: the pages that may show it, such as https://intranet.example')
    .option('--days <n>', 'how long it is good for; without it until it is revoked', days)
    .action(async (name: string | undefined, options: Options) => {
      await runCommand(create, async (context) => await createToken(context, name, options))
    })
  const list = add('list', 'show the tokens')
  list.action(async (options: Options) => {
    await runCommand(list, async (context) => await listTokens(context, options))
  })
  const revoke = add('revoke', 'make a token worthless').argument('<id>', 'an id of "token list"')
  revoke.action(async (id: string, options: Options) => {
    await runCommand(revoke, async (context) => await revokeToken(context, id, options))
  })
}

async function createToken(context: CommandContext, name: string | undefined, { data, role, app: apps, widget, frameAncestors, days: goodFor }: Options): Promise<number> {
  const { setup, output } = context
  const kind = widget === true ? 'widget' : 'api'
  const unknown = apps?.find((app) => setup.config?.apps[app] === undefined)
  if (unknown !== undefined) throw new AppError('app.unknown', `The configuration has no application ${unknown}`, { hint: 'Write its name as it stands in holdfast.yaml.' })
  const parsed = newTokenSchema.safeParse({ name: name ?? `${kind} token`, kind, role, apps, frameAncestors, days: goodFor })
  if (!parsed.success) throw new AppError('usage', `No such token can be made: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`, { hint: 'See "holdfast token create --help".' })
  await using access = await openAccess(context, data)
  await audited(access, 'make a token', `${parsed.data.name} (${kind}, ${parsed.data.role})`, async () => {
    const token = await access.tokens.create(parsed.data)
    output.say(`This is the only time that the text of ${token.id} is shown:`)
    output.result(token, () => token.text)
  })
  return 0
}

async function listTokens(context: CommandContext, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  const tokens = await access.tokens.list()
  context.output.result(tokens, () => tokens.length === 0 ? 'There are no tokens.' : table(['id', 'name', 'kind', 'role', 'applications', 'until', 'last used'], tokens.map(row)))
  return 0
}

async function revokeToken(context: CommandContext, id: string, { data }: Options): Promise<number> {
  await using access = await openAccess(context, data)
  await audited(access, 'revoke a token', id, async () => await access.tokens.revoke(id))
  context.output.result({ id }, () => `${id} is worthless now.`)
  return 0
}

function row({ id, name, kind, role, apps, expiresAt, usedAt }: Token): readonly string[] {
  return [id, name, kind, role, apps?.join(', ') ?? 'all', expiresAt === undefined ? 'it is revoked' : localTime(expiresAt), usedAt === undefined ? 'never' : localTime(usedAt)]
}

function days(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError('write a number of days')
  return Number(value)
}
