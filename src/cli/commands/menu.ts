import type { Command } from 'commander'
import { intro, isCancel, outro, select, text } from '@clack/prompts'
import { existsSync } from 'node:fs'
import { AppError } from '../../kit/app-error.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import { printable } from '../../kit/printable.ts'
import { shellQuote } from '../../kit/shell-quote.ts'
import { mayAsk } from '../ask.ts'
import type { GlobalOptions } from '../global-options.ts'
import { globalOptions } from '../global-options.ts'
import { Output } from '../output.ts'
import { localTime, pointKind, pointState } from '../point-words.ts'
import { quietRun } from '../quiet-run.ts'
import type { KnownPoint } from '../../runs/setup.ts'
import { knownPoints, Setup } from '../../runs/setup.ts'

/** Runs a command line as if it had been typed; its own exit status is left in `process.exitCode`. */
type RunWords = (words: readonly string[]) => Promise<void>

/** The application that the menu is about, in the words of the commands. */
type Subject = { readonly title: string; readonly app: string; readonly reading: readonly string[] }

type Menu = { readonly options: GlobalOptions; readonly output: Output; readonly run: RunWords; readonly subject: Subject }

const screen = { output: process.stderr }

export function addMenuCommand(program: Command): void {
  const command = program.command('menu').description('backup and restore by choosing from a menu, on a terminal').argument('[app]', 'the path of a folder, or an application of the configuration')
  command.action(async (named: string | undefined) => {
    const options = globalOptions(command)
    const output = new Output(options)
    try {
      if (!mayAsk(options)) throw new AppError('usage', 'The menu needs a terminal', { hint: 'In scripts use the commands themselves: holdfast --help.' })
      intro('Holdfast: Backup and Restore', screen)
      const subject = await chooseSubject(options, named)
      if (subject !== undefined) await mainMenu({ options, output, subject, run: async (words) => await runWords(program, options, output, words) })
      outro('Bye.', screen)
      process.exitCode = 0
    } catch (error) {
      process.exitCode = output.fail(error)
    }
  })
}

async function mainMenu(menu: Menu): Promise<void> {
  const items: Readonly<Record<string, () => Promise<void>>> = {
    'Run backup': async () => await menu.run(['backup', menu.subject.app]),
    'Restore from backup': async () => await withPoint(menu, 'Restore which one?', [], (id) => ['restore', id]),
    'List backups': async () => await menu.run(['list', ...menu.subject.reading]),
    'Verify': async () => await withPoint(menu, 'Verify which one?', [{ value: 'all', label: 'all of them' }], (id) => ['verify', id]),
    'Schedule': async () => await scheduleMenu(menu),
    'Status': async () => await menu.run(['status', menu.subject.app]),
  }
  for (;;) {
    const chosen = await select({ ...screen, message: menu.subject.title, options: [...Object.keys(items).map((value) => ({ value, label: value })), { value: '', label: 'Quit' }], maxItems: shownItems() })
    const item = isCancel(chosen) ? undefined : items[chosen]
    if (item === undefined) return
    try {
      await item()
    } catch (error) {
      menu.output.fail(error)
    }
  }
}

/** Lets a restore point be chosen, and runs the command for it. Ctrl-C leads back. */
async function withPoint({ options, output, run, subject }: Menu, message: string, more: readonly { value: string; label: string }[], words: (id: string) => readonly string[]): Promise<void> {
  const points = await pointsOf(options, output, subject)
  if (points.length === 0) {
    output.say('There are no restore points here.')
    return
  }
  const width = Math.max(20, (process.stderr.columns || 80) - 8)
  const chosen = await select({ ...screen, message, maxItems: shownItems(), options: [...points.map((point) => ({ value: point.id, label: label(point).slice(0, width) })), ...more, { value: '', label: 'Back' }] })
  if (isCancel(chosen) || chosen === '') return
  await run([...words(chosen), ...subject.reading.length === 1 ? ['--app', subject.app] : subject.reading])
}

async function scheduleMenu({ run, subject }: Menu): Promise<void> {
  const chosen = await select({ ...screen, message: 'Schedule', options: [{ value: 'list', label: 'Show what is scheduled' }, { value: 'install', label: 'Every day at a time' }, { value: 'remove', label: 'No more' }, { value: '', label: 'Back' }] })
  if (isCancel(chosen) || chosen === '') return
  if (chosen === 'list') return await run(['schedule', 'list'])
  if (chosen === 'remove') return await run(['schedule', 'remove', '--app', subject.app])
  const time = await text({ ...screen, message: 'At what time?', initialValue: '03:00', validate: (value) => /^([01]?\d|2[0-3]):[0-5]\d$/.test(value ?? '') ? undefined : 'Write a time such as 03:00.' })
  if (isCancel(time)) return
  await run(['schedule', 'install', '--app', subject.app, '--time', time])
}

/** Shows the command that does the same, and does it by the same code. */
async function runWords(program: Command, { config, state }: GlobalOptions, output: Output, words: readonly string[]): Promise<void> {
  const given = [...(config === undefined ? [] : ['--config', config]), ...(state === undefined ? [] : ['--state', state])]
  output.say(`${output.paint('dim', '$')} ${output.paint('bold', printable(['holdfast', ...given, ...words].map(shellQuote).join(' ')))}`)
  process.exitCode = 0
  await program.parseAsync([...given, ...words], { from: 'user' })
  const status: unknown = process.exitCode
  if (status !== 0 && status !== undefined) output.say(output.paint('yellow', `It ended with status ${String(status)}.`))
}

async function chooseSubject(options: GlobalOptions, named: string | undefined): Promise<Subject | undefined> {
  await using setup = await Setup.load(options, new AbortController().signal)
  const names = Object.keys(setup.config?.apps ?? {})
  let app = named ?? (names.length === 1 ? names[0] : names.length === 0 ? '.' : undefined)
  if (app === undefined) {
    const chosen = await select({ ...screen, message: 'Which application?', options: names.map((value) => ({ value, label: value })), maxItems: shownItems() })
    if (isCancel(chosen)) return undefined
    app = chosen
  }
  const found = setup.application(app)
  if (!found.configured && !existsSync(found.root)) throw new AppError('source.missing', `There is no folder ${found.root}`, { hint: 'Check the path.' })
  return found.configured
    ? { title: printable(found.name), app: found.name, reading: [found.name] }
    : { title: printable(found.root), app: found.root, reading: ['--from', found.vaults[0]?.place ?? setup.defaultPlace, '--app', found.name] }
}

async function pointsOf(options: GlobalOptions, output: Output, { app }: Subject): Promise<readonly KnownPoint[]> {
  const signal = new AbortController().signal
  await using setup = await Setup.load(options, signal)
  const { name, vaults } = setup.application(app)
  const there = vaults.filter(({ place }) => existsSync(place))
  return await knownPoints(await Promise.all(there.map(async (plan) => await setup.openVault(plan, {}))), name, quietRun(output, signal))
}

function label(point: KnownPoint): string {
  return `${localTime(point.startedAt)}  ${formatByteSize(point.sizeBytes)}  ${pointKind(point)}, ${pointState(point)}`
}

/** As many as a small terminal holds below the question. */
function shownItems(): number {
  return Math.max(3, (process.stderr.rows || 24) - 6)
}
