import type { Argument, Command, Option } from 'commander'
import { program } from '../src/cli/program.ts'

/** docs/reference/cli.md: every command with its arguments and options, from the program that reads them. */
export function cliPage(): string {
  const root = program()
  const commands = root.commands.filter((command) => !isHidden(command))
  return `# The command line

<!-- Made from the commands by \`npm run reference\`; change those. -->

\`holdfast COMMAND --help\` says the same. Results go to standard output, everything else to standard error; with \`--json\` the result is
one JSON value. Exit statuses stand in [errors](errors.md).

Every command takes

${optionsTable(root.options)}

${commands.map((command) => commandSection(command, 'holdfast', 2)).join('\n')}`
}

function commandSection(command: Command, parent: string, depth: number): string {
  const name = `${parent} ${command.name()}`
  const subcommands = command.commands.filter((sub) => !isHidden(sub))
  const words = [name, ...(command.options.length > 0 ? ['[options]'] : []), ...command.registeredArguments.map(argumentWord)]
  return [
    `${'#'.repeat(depth)} ${name}\n`,
    `${cell(sentence(command.description()))}\n`,
    ...(subcommands.length === 0 ? [`\`\`\`\n${words.join(' ')}\n\`\`\`\n`] : []),
    ...(command.registeredArguments.length === 0 ? [] : [`${argumentsTable(command.registeredArguments)}\n`]),
    ...(command.options.length === 0 ? [] : [`${optionsTable(command.options)}\n`]),
    ...subcommands.map((sub) => commandSection(sub, name, depth + 1)),
  ].join('\n')
}

function argumentWord(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

function argumentsTable(given: readonly Argument[]): string {
  return ['| argument | |', '| --- | --- |', ...given.map((argument) => `| \`${cell(argumentWord(argument))}\` | ${cell(argument.description)}${choicesOf(argument.argChoices)} |`)].join('\n')
}

function optionsTable(options: readonly Option[]): string {
  return ['| option | |', '| --- | --- |', ...options.filter(({ hidden }) => !hidden).map((option) => `| \`${cell(option.flags)}\` | ${cell(option.description)}${choicesOf(option.argChoices)}${defaultOf(option)} |`)].join('\n')
}

function choicesOf(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : ` (${choices.map((choice) => `\`${choice}\``).join(', ')})`
}

function defaultOf({ defaultValue, negate }: Option): string {
  return negate || (typeof defaultValue !== 'string' && typeof defaultValue !== 'number') ? '' : `; default: \`${cell(String(defaultValue))}\``
}

// A `<` would begin a tag where the page is shown.
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/<(?=[^`]*$)/g, (found) => text.includes('`') ? '&lt;' : found)
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`
}

function isHidden(command: Command): boolean {
  return '_hidden' in command && command._hidden === true
}
