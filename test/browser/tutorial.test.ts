import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { launcher, projectFolder } from '../e2e/machine.ts'
import { answerOf } from '../e2e/program.ts'
import { openBrowser } from '../fixtures/browser.ts'
import { violations } from './page-violations.ts'
import { giveThePassword } from './signed-in.ts'

/** Not root: that is whom the tutorial speaks to. */
const nobody = 65_534
const patience = { timeout: 20_000 }
const password = 'a long password'

/** The commands of each numbered part of the page. */
function commands(): readonly (readonly string[])[] {
  const page = readFileSync(join(projectFolder, 'docs/tutorial.md'), 'utf8')
  return page.split(/^## \d+\. /m).map((part) => [...part.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block))
}

test('whoever does what the tutorial says, command by command and click by click, has an application backed up and restored', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tutorial-'))
  chownSync(home, nobody, nobody)
  // The first part installs and builds: the program is there.
  const options = { cwd: home, uid: nobody, gid: nobody, env: { HOME: home, PATH: `${dirname(launcher)}:${process.env['PATH'] ?? ''}`, LANG: 'C.UTF-8', TERM: 'xterm' } }
  const [, , application = [], init = [], serve = [], backup = [], lose = [], look = []] = commands()
  const shell = async (script: string): Promise<string> => {
    const { status, stdout, stderr } = await answerOf('bash', ['-e', '-c', script], options)
    assert.equal(status, 0, `${script}${stdout}${stderr}`)
    return stdout
  }
  const trial = join(home, 'holdfast-trial')
  const started: { end?: () => void } = {}
  const browser = await openBrowser()
  try {
    await shell(application.join(''))
    const asked = await answerOf('python3', [join(projectFolder, 'test/e2e/dialog.py'), '30', '160', JSON.stringify([['Add it?', 'y']]), 'bash', '-c', init.join('')], { ...options, cwd: trial })
    assert.equal(asked.status, 0, asked.stdout + asked.stderr)
    assert.match(readFileSync(join(home, '.config/holdfast/holdfast.yaml'), 'utf8'), new RegExp(`apps:\\n {2}notes:\\n {4}root: ${trial}/notes\\n {4}vaults:\\n {6}- notes\\nvaults:\\n {2}notes:\\n {4}type: archive\\n {4}place: ${trial}/backups`))

    const server = spawn('bash', ['-c', `exec ${serve[0] ?? ''}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    started.end = () => void server.kill()
    let said = ''
    const { address, token } = await new Promise<{ address: string; token: string }>((resolve, reject) => {
      const hear = (text: Buffer): void => {
        said += text.toString()
        const found = /Holdfast is at (?<address>\S+)\n[^]*with this token: (?<token>\S+)/.exec(said)?.groups
        if (found !== undefined) resolve({ address: found['address'] ?? '', token: found['token'] ?? '' })
      }
      server.stdout.on('data', hear)
      server.stderr.on('data', hear)
      server.once('close', () => reject(new Error(`the server ended: ${said}`)))
    })
    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
    await page.goto(address)
    await page.getByLabel('Token of the console').fill(token)
    await page.getByLabel('Name', { exact: true }).fill('ann')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByLabel('Password again').fill(password)
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByText('Never backed up').first().waitFor(patience)

    await page.getByRole('link', { name: 'notes' }).first().click()
    await page.getByRole('button', { name: 'Create backup' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await page.getByRole('main').getByText('Succeeded').first().waitFor(patience)
    assert.match(await shell(backup.join('')), /verified[^]*verified/)
    const archives = readdirSync(join(trial, 'backups'))
    for (const ending of [/^notes_.*\.tar\.gz$/, /\.sha256$/, /^RESTORE\.md$/]) assert.ok(archives.some((name) => ending.test(name)), archives.join())

    await shell(lose.join(''))
    await page.goto(`${address}apps/notes`)
    await page.getByRole('link', { name: /^Restore: / }).first().click(patience)
    await page.getByRole('button', { name: 'Continue' }).click(patience)
    await page.getByRole('button', { name: 'Make the plan' }).click()
    await page.getByText('What would happen').waitFor(patience)
    await page.getByLabel(/Type .*notes.* to confirm/).fill('notes')
    await page.getByRole('button', { name: 'Restore now' }).click()
    await giveThePassword(page, password)
    await page.getByText('The restore has succeeded').waitFor(patience)
    assert.deepEqual(await violations(page), [])
    const wanted = [...look.join('').matchAll(/ # (.+)$/gm)].map(([, text]) => text)
    assert.deepEqual(wanted, ['buy milk', 'hello'])
    assert.deepEqual((await shell(look.join(''))).trim().split('\n'), wanted)
    await shell('holdfast restore --undo --app notes --no-ask')
    assert.equal(readFileSync(join(trial, 'notes/list.txt'), 'utf8'), 'oh no\n')
  } finally {
    started.end?.()
    await browser.close()
    rmSync(home, { recursive: true, force: true })
  }
})
