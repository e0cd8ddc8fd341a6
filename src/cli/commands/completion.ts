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

type Described = { readonly name: string; readonly subcommands: readonly string[]; readonly description: string; readonly options: readonly { readonly long: string; readonly description: string; readonly choices: readonly string[] }[] }

/** A script for a shell, made from the commands themselves, so that it never lags behind them. */
export function completionScript(shell: (typeof shells)[number], program: Command): string {
  const commands = program.commands.map((command): Described => ({
    name: command.name(),
    description: command.description(),
    subcommands: command.commands.map((sub) => sub.name()),
    options: optionsOf([command, ...command.commands, program]),
  }))
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands)
}

/** Each once, also where several subcommands have it. */
function optionsOf(commands: readonly Command[]): Described['options'] {
  const all = commands.flatMap(({ options }) => options).filter(({ hidden, long }) => !hidden && long !== undefined && long !== null)
  return [...new Map(all.map((option) => [option.long, { long: option.long ?? '', description: option.description, choices: option.argChoices ?? [] }])).values()]
}

function bashScript(commands: readonly Described[]): string {
  const cases = commands.map(({ name, subcommands, options }) => `    ${name}) words="${options.map(({ long }) => long).join(' ')}"${subcommands.length === 0 ? '' : ` subcommands="${subcommands.join(' ')}"`} ;;`)
  // An option of one name may take other words in another command: all of them are offered.
  const withChoices = commands.flatMap(({ options }) => options.filter((option) => option.choices.length > 0))
  const choices = new Map([...Map.groupBy(withChoices, ({ long }) => long)].map(([long, same]) => [long, [...new Set(same.flatMap((option) => option.choices))]]))
  return `# bash completion for holdfast
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word words='' subcommands=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  case $previous in
${[...choices].map(([long, values]) => `    ${long}) COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$current")); return ;;`).join('\n')}
  esac
  case $command in
    '') words="${commands.map(({ name }) => name).join(' ')}" ;;
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

function zshScript(commands: readonly Described[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
  const escape = (text: string): string => text.replaceAll(/([[\]:\\])/g, '\\$1')
  const cases = commands.map(({ name, subcommands, options }) => `    ${name}) _arguments -S ${options.map(({ long, description, choices }) => quote(`${long}[${escape(description)}]${choices.length > 0 ? `:value:(${choices.join(' ')})` : ''}`)).join(' ')} ${name === 'completion' ? `'*:shell:(${shells.join(' ')})'` : `${subcommands.length === 0 ? '' : `'1:command:(${subcommands.join(' ')})' `}'*:file:_files'`} ;;`)
  return `#compdef holdfast
_holdfast() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${escape(description)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
_holdfast "$@"
`
}

function fishScript(commands: readonly Described[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = ['# fish completion for holdfast', `set -l holdfast_commands ${commands.map(({ name }) => name).join(' ')}`]
  for (const { name, description, subcommands, options } of commands) {
    lines.push(`complete -c holdfast -n "not __fish_seen_subcommand_from $holdfast_commands" -f -a ${name} -d ${quote(description)}`)
    if (subcommands.length > 0) lines.push(`complete -c holdfast -n "__fish_seen_subcommand_from ${name}" -a ${quote(subcommands.join(' '))}`)
    for (const option of options) {
      lines.push(`complete -c holdfast -n "__fish_seen_subcommand_from ${name}" -l ${option.long.slice(2)} -d ${quote(option.description)}${option.choices.length > 0 ? ` -x -a ${quote(option.choices.join(' '))}` : ''}`)
    }
  }
  lines.push(`complete -c holdfast -n "__fish_seen_subcommand_from completion" -f -a ${quote(shells.join(' '))}`)
  return `${lines.join('\n')}\n`
}
