import type { Command } from 'commander'
import { Argument } from 'commander'

const shells = ['bash', 'zsh', 'fish'] as const

export function addCompletionCommand(program: Command): void {
  program.command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', '\nbash: holdfast completion bash > /etc/bash_completion.d/holdfast\nzsh:  holdfast completion zsh > "${fpath[1]}/_holdfast"\nfish: holdfast completion fish > ~/.config/fish/completions/holdfast.fish')
    .action((shell: (typeof shells)[number]) => {
      process.stdout.write(completionScript(shell, program))
    })
}

type DescribedOption = { readonly long: string; readonly description: string; readonly choices: readonly string[]; readonly takesValue: boolean }
type Described = { readonly name: string; readonly subcommands: readonly string[]; readonly description: string; readonly options: readonly DescribedOption[] }

/** A script for a shell, made from the commands themselves, so that it never lags behind them. */
export function completionScript(shell: (typeof shells)[number], program: Command): string {
  const commands = program.commands.map((command): Described => ({
    name: command.name(),
    description: command.description(),
    subcommands: command.commands.map((sub) => sub.name()),
    options: optionsOf([command, ...command.commands, program]),
  }))
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands, optionsOf([program]))
}

/** Each once, also where several subcommands have it. */
function optionsOf(commands: readonly Command[]): readonly DescribedOption[] {
  const all = commands.flatMap(({ options }) => options).filter(({ hidden, long }) => !hidden && long !== undefined && long !== null)
  return [...new Map(all.map((option) => [option.long, { long: option.long ?? '', description: option.description, choices: option.argChoices ?? [], takesValue: option.required || option.optional }])).values()]
}

/** `common`: what may stand before the command. */
function bashScript(commands: readonly Described[], common: readonly DescribedOption[]): string {
  const cases = commands.map(({ name, subcommands, options }) => `    ${name}) words="${options.map(({ long }) => long).join(' ')}"${subcommands.length === 0 ? '' : ` subcommands="${subcommands.join(' ')}"`} ;;`)
  // An option of one name may take other words in another command: all of them are offered.
  const withChoices = commands.flatMap(({ options }) => options.filter((option) => option.choices.length > 0))
  const choices = new Map([...Map.groupBy(withChoices, ({ long }) => long)].map(([long, same]) => [long, [...new Set(same.flatMap((option) => option.choices))]]))
  return `# bash completion for holdfast
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word words='' subcommands='' value=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $value ]]; then value=''; continue; fi
    case $word in ${common.filter(({ takesValue }) => takesValue).map(({ long }) => long).join('|')}) value=yes ;; -*) ;; *) command=$word; break ;; esac
  done
  if [[ -n $value ]]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  case $previous in
${[...choices].map(([long, values]) => `    ${long}) COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$current")); return ;;`).join('\n')}
  esac
  case $command in
    '') words="${[...commands.map(({ name }) => name), ...common.map(({ long }) => long)].join(' ')}" ;;
    completion) words="${shells.join(' ')}" ;;
${cases.join('\n')}
  esac
  if [[ -z $command || $command == completion || $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$subcommands" -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _holdfast holdfast
`
}

function zshScript(commands: readonly Described[], common: readonly DescribedOption[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
  const escape = (text: string): string => text.replaceAll(/([[\]:\\])/g, '\\$1')
  const value = ({ choices, takesValue }: DescribedOption): string => choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : ''
  const specification = (option: DescribedOption): string => quote(`*${option.long}[${escape(option.description)}]${value(option)}`)
  const rest = ({ name, subcommands }: Described): string => name === 'completion' ? `'*:shell:(${shells.join(' ')})'` : `${subcommands.length === 0 ? '' : `'1:command:(${subcommands.join(' ')})' `}'*:file:_files'`
  return `#compdef holdfast
_holdfast() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${escape(description)}`)}`).join('\n')}
  )
  _arguments -S -C ${common.map(specification).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${commands.map((command) => `        ${command.name}) _arguments -S ${command.options.map(specification).join(' ')} ${rest(command)} ;;`).join('\n')}
      esac ;;
  esac
}
_holdfast "$@"
`
}

function fishScript(commands: readonly Described[], common: readonly DescribedOption[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = ['# fish completion for holdfast', `set -l holdfast_commands ${commands.map(({ name }) => name).join(' ')}`]
  const option = ({ long, description, choices, takesValue }: DescribedOption, where: string): string =>
    `complete -c holdfast -n "${where}" -l ${long.slice(2)} -d ${quote(description)}${choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : ''}`
  lines.push(...common.map((one) => option(one, 'not __fish_seen_subcommand_from $holdfast_commands')))
  for (const { name, description, subcommands, options } of commands) {
    lines.push(`complete -c holdfast -n "not __fish_seen_subcommand_from $holdfast_commands" -f -a ${name} -d ${quote(description)}`)
    if (subcommands.length > 0) lines.push(`complete -c holdfast -n "__fish_seen_subcommand_from ${name}" -a ${quote(subcommands.join(' '))}`)
    lines.push(...options.map((one) => option(one, `__fish_seen_subcommand_from ${name}`)))
  }
  lines.push(`complete -c holdfast -n "__fish_seen_subcommand_from completion" -f -a ${quote(shells.join(' '))}`)
  return `${lines.join('\n')}\n`
}
