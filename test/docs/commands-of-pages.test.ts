import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { program } from '../../src/cli/program.ts'
import { configSchema } from '../../src/config/config-schema.ts'
import { parseYaml } from '../../src/config/parse-yaml.ts'

const projectFolder = join(import.meta.dirname, '../..')
const pages = ['README.md', ...globSync('docs/{switch,how-to}/*.md', { cwd: projectFolder }).sort(), 'docs/tutorial.md'].map((name) => ({ name, text: readFileSync(join(projectFolder, name), 'utf8') }))

test('every command of holdfast that a page names in its text, tables and blocks is one that the program takes', async () => {
  const wrong: string[] = []
  let seen = 0
  for (const { name, text } of pages) {
    const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block.replaceAll('\\\n', ' ')).join('')
    const inText = text.replaceAll(/^```[^]*?^```/gm, '')
    for (const [, command = ''] of [...inText.matchAll(/`(holdfast [^`]+)`/g), ...blocks.matchAll(/^(?:sudo )?(holdfast .*)/gm)]) {
      seen++
      const fault = await faultOf(command)
      if (fault !== undefined) wrong.push(`${name}: ${command}: ${fault}`)
    }
  }
  assert.ok(seen > 80, `${seen} commands`)
  assert.deepEqual(wrong, [])
})

test('the check finds a command, an option and a value that the program does not take', async () => {
  for (const command of ['holdfast backups .', 'holdfast backup . --tpye both', 'holdfast forget --keep-last x', 'holdfast list a b c d']) assert.notEqual(await faultOf(command), undefined, command)
})

test('every configuration that a page shows is one that the program takes', () => {
  const wrong: string[] = []
  let seen = 0
  for (const { name, text } of pages) {
    for (const [, block = ''] of text.matchAll(/^```ya?ml\n([^]*?)^```/gm)) {
      if (!/^(?:apps|vaults|server|reports|notify|place):/m.test(block)) continue
      seen++
      const parsed = parseYaml(block)
      const checked = 'value' in parsed ? configSchema.safeParse(Object.assign({ apps: {} }, parsed.value)) : { success: false, error: parsed }
      if (!checked.success) wrong.push(`${name}: ${String(checked.error)}\n${block}`)
    }
  }
  assert.ok(seen > 2, `${seen} configurations`)
  assert.deepEqual(wrong, [])
})

/** What the program's own parser says against a command; nothing is run. */
async function faultOf(command: string): Promise<string | undefined> {
  const words = [...(command.split(/ (?:&&|\|\||[|;<>]) ?/)[0] ?? '').replace(/ #.*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '').filter((word) => word !== '…')
  const root = idle(program())
  try {
    await root.parseAsync(words.slice(1), { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) return String(error)
    if (['commander.version', 'commander.help', 'commander.helpDisplayed'].includes(error.code)) return undefined
    // A command or an option is named alone where it is spoken of.
    const isNamedAlone = error.code === 'commander.optionMissingArgument' || (error.code === 'commander.missingArgument' && !words.some((word) => word.startsWith('-')))
    return isNamedAlone ? undefined : error.message
  }
}

function idle(command: Command): Command {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  for (const each of command.commands) idle(each)
  return command.commands.length === 0 ? command.action(() => undefined) : command
}
