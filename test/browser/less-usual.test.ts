import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { appCardSchema } from '../../src/model/api/overview.ts'
import { restoreStateSchema } from '../../src/model/api/restore.ts'
import type { Machine } from '../e2e/machine.ts'
import { Program } from '../faults/program.ts'
import { openBrowser } from '../fixtures/browser.ts'
import { freePort } from '../fixtures/free-port.ts'
import { passwords, RunningServer } from '../server/e2e/running-server.ts'
import { violations } from './page-violations.ts'
import { shopMachine } from './shop-machine.ts'
import { giveThePassword, signIn } from './signed-in.ts'

const patience = { timeout: 20_000 }

// What is seldom needed, and must work then; each test goes on where the one before has ended.
suite('a person whose day is not usual', () => {
  let machine: Machine
  let server: RunningServer
  let browser: Browser
  let page: Page
  let archive = ''
  const faults: string[] = []

  before(async () => {
    machine = await shopMachine()
    writeFileSync(machine.configFile, `# our shop\napps:\n  shop: # the one that earns the money\n    root: ${machine.app}\nplace: ${machine.place}\nstate: ${machine.state}\n`)
    server = await RunningServer.start(machine, { args: ['--listen', `127.0.0.1:${await freePort()}`] })
    browser = await openBrowser()
    page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' })).newPage()
    page.on('pageerror', (error) => faults.push(error.message))
    await signIn(page, server.url)
    await server.work('POST', '/api/apps/shop/backup', {})
    archive = join(machine.folder, 'of-elsewhere.tar.gz')
    const made = readdirSync(machine.place).find((name) => name.endsWith('.tar.gz')) ?? ''
    copyFileSync(join(machine.place, made), archive)
  })
  after(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  const confirm = async (action: string): Promise<void> => {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Type .*shop.* to confirm/).fill('shop')
    assert.deepEqual(await violations(page), [])
    // The command that does the same works as it stands, with the configuration that the server has.
    assert.match(await dialog.locator('.command code').innerText(), new RegExp(`^holdfast --config ${machine.configFile} restore shop --(?:undo|rollback|resume)$`))
    await dialog.getByRole('button', { name: action }).click()
    await giveThePassword(page)
  }

  test('protects a folder of her own with the assistant, which says where its backups will lie; the comments of the configuration stay', async () => {
    const notes = join(machine.folder, 'shop')
    const disk = join(machine.folder, 'disk')
    for (const folder of [notes, disk]) mkdirSync(folder)
    writeFileSync(join(notes, 'note.txt'), 'a note\n')
    await page.goto(`${server.url}welcome`)
    const own = page.getByLabel('A folder of your own')
    const protect = page.getByRole('button', { name: /^Protect \d+ application/ })
    await own.fill(join(machine.folder, 'shpo'))
    await page.getByText(`There is no folder ${join(machine.folder, 'shpo')}`).waitFor(patience)
    assert.ok(await protect.isDisabled(), 'what does not exist is not protected')
    await own.fill(join(machine.app, 'docs'))
    await page.getByText('It lies inside the application shop, which is configured').waitFor(patience)
    await own.fill(notes)
    const places = page.getByRole('region', { name: 'Where the backups go' })
    await places.getByText(machine.place, { exact: true }).waitFor(patience)
    await places.getByText(/Same disk as .*shop/).first().waitFor(patience)
    assert.match(await places.innerText(), /Free: [\d.,]+ .B/)
    const other = page.getByLabel('Another folder for these backups')
    await other.fill(join(machine.folder, 'not-mounted'))
    assert.ok(await protect.isDisabled(), 'no place is taken untested')
    await places.getByRole('button', { name: 'Test this folder' }).click()
    await places.getByText(`There is no folder ${join(machine.folder, 'not-mounted')}`).waitFor(patience)
    assert.ok(await protect.isDisabled())
    await other.fill(disk)
    await other.press('Enter')
    await places.getByText(disk, { exact: true }).waitFor(patience)
    assert.deepEqual(await violations(page), [])
    await protect.click()
    await giveThePassword(page)
    await page.getByText(/^Scheduled daily; first backup: .*\d/).first().waitFor(patience)
    await page.getByRole('button', { name: 'Back up now: shop-2' }).click()
    await page.getByRole('link', { name: 'Watch it: shop-2' }).waitFor(patience)
    assert.deepEqual(await violations(page), [])
    await until('it is saved in the folder that was chosen', () => readdirSync(disk).some((name) => /^shop-2_.*\.tar\.gz$/.test(name)))
    await page.getByRole('link', { name: 'shop-2' }).first().waitFor(patience)
    const text = readFileSync(machine.configFile, 'utf8')
    assert.match(text, /^# our shop$/m)
    assert.match(text, /# the one that earns the money/)
    assert.match(text, new RegExp(`^ {2}shop-2:\\n {4}root: ${notes}\\n {4}vaults:\\n {6}- disk$`, 'm'))
    // Without its name it would go to the new vault from here on, and what it has would not be seen.
    assert.match(text, new RegExp(`^ {4}vaults:\\n {6}- default\\n[^]*^ {2}default:\\n {4}type: archive\\n {4}place: ${machine.place}$`, 'm'))
    assert.equal((await server.get(appCardSchema, 'GET', '/api/apps/shop')).points, 1)
  })

  test('sees each vault that it would go to, and picks', async () => {
    const diary = join(machine.folder, 'diary')
    mkdirSync(diary)
    await page.goto(`${server.url}welcome`)
    await page.getByLabel('A folder of your own').fill(diary)
    const places = page.getByRole('region', { name: 'Where the backups go' })
    const protect = page.getByRole('button', { name: /^Protect \d+ application/ })
    for (const [name, place] of [['default', machine.place], ['disk', join(machine.folder, 'disk')]] as const) {
      await places.getByText(place, { exact: true }).waitFor(patience)
      assert.ok(await places.getByRole('checkbox', { name }).isChecked())
      await places.getByRole('checkbox', { name }).uncheck()
    }
    assert.ok(await protect.isDisabled(), 'it must go somewhere')
    await places.getByRole('checkbox', { name: 'disk' }).check()
    await protect.click()
    await giveThePassword(page)
    await page.getByRole('link', { name: 'diary' }).first().waitFor(patience)
    assert.match(readFileSync(machine.configFile, 'utf8'), new RegExp(`^ {2}diary:\\n {4}root: ${diary}\\n {4}vaults:\\n {6}- disk\\n {4}schedule`, 'm'))
  })

  test('changes a setting in its form', async () => {
    await page.goto(`${server.url}settings/applications`)
    await page.getByRole('button', { name: /^shop-2/ }).click(patience)
    await page.getByText('More settings').first().click(patience)
    await page.getByLabel('Not these files').fill('cache/\n*.tmp')
    await page.getByRole('button', { name: 'Save' }).click()
    await giveThePassword(page)
    await until('the file is written', () => readFileSync(machine.configFile, 'utf8').includes('*.tmp'))
    const text = readFileSync(machine.configFile, 'utf8')
    assert.match(text, /^# our shop$/m)
    assert.match(text, /cache\//)
  })

  const openForm = async (tab: Page, name: string): Promise<void> => {
    const item = tab.getByRole('button', { name: new RegExp(`^${name}`) })
    await item.waitFor(patience)
    if (await item.getAttribute('aria-expanded') !== 'true') await item.click()
    // The panel before may still be closing.
    const panel = tab.getByRole('region', { name: new RegExp(`^${name}`) })
    const more = panel.getByText('More settings')
    await more.waitFor(patience)
    if (!await panel.getByLabel('Not these files').isVisible()) await more.click()
  }
  const shownDraft = async (tab: Page): Promise<string> => await tab.getByRole('region', { name: /^shop-2/ }).getByLabel('Not these files').inputValue(patience)

  test('is told what holds where nothing is set, and types a password that nobody reads over her shoulder', async () => {
    await page.goto(`${server.url}settings/applications`)
    await openForm(page, 'shop-2')
    await page.getByRole('radiogroup', { name: 'Schedule' }).getByText('Not scheduled').waitFor(patience)
    const password = page.getByRole('group', { name: 'Password', exact: true })
    await password.getByText('None', { exact: true }).waitFor(patience)
    await password.getByText('Text', { exact: true }).click()
    assert.equal(await password.locator('input.mantine-PasswordInput-innerInput').getAttribute('type'), 'password')
    await password.getByRole('button', { name: 'Show or hide the password' }).click()
    assert.equal(await password.locator('input.mantine-PasswordInput-innerInput').getAttribute('type'), 'text')
    await page.getByRole('button', { name: 'Discard changes' }).click()
  })

  test('what she has not saved outlives another panel, another page, a change of the file and the end of her session', async () => {
    await page.goto(`${server.url}settings/applications`)
    await openForm(page, 'shop-2')
    await page.getByLabel('Not these files').fill('my draft')
    await page.getByRole('button', { name: /^shop(?!-2)/ }).click()
    await page.getByText('Draft', { exact: true }).waitFor(patience)
    await openForm(page, 'shop-2')
    assert.equal(await shownDraft(page), 'my draft')
    assert.deepEqual(await violations(page), [])
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('dialog').getByText('There are changes that are not saved').waitFor(patience)
    assert.deepEqual(await violations(page), [])
    await page.getByRole('dialog').getByRole('button', { name: 'Stay here' }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Leave, save later' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patience)
    await page.getByRole('navigation').getByRole('link', { name: 'Applications' }).click()
    await openForm(page, 'shop-2')
    assert.equal(await shownDraft(page), 'my draft')
    // Another key and the same one are changed by an editor.
    writeFileSync(machine.configFile, readFileSync(machine.configFile, 'utf8').replace('*.tmp', '*.theirs').replace(/( {2}shop-2:\n)/, '$1    format: zip\n'))
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Load the newest and keep my changes' }).click(patience)
    await page.getByText('The same was changed in the file meanwhile').waitFor(patience)
    await page.getByText('["cache/","*.theirs"]').waitFor(patience)
    assert.equal(await shownDraft(page), 'my draft')
    assert.deepEqual(await violations(page), [])
    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor(patience)
    await page.getByLabel('Name', { exact: true }).fill('admin')
    await page.getByLabel('Password', { exact: true }).fill(passwords.admin)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await openForm(page, 'shop-2')
    assert.equal(await shownDraft(page), 'my draft')
    await page.getByRole('button', { name: 'Save' }).click()
    await giveThePassword(page)
    await until('it is written', () => readFileSync(machine.configFile, 'utf8').includes('my draft'))
    const text = readFileSync(machine.configFile, 'utf8')
    assert.match(text, /format: zip/)
    assert.doesNotMatch(text, /theirs/)
    await page.getByText('Draft', { exact: true }).waitFor({ state: 'detached', ...patience })
  })

  test('two tabs change different things: the second one loads the newest and keeps its own', async () => {
    await page.goto(`${server.url}settings/applications`)
    await openForm(page, 'shop-2')
    // A tab that hears of nothing.
    await page.route('**/api/config', async (route) => route.request().method() === 'GET' ? await route.abort() : await route.continue())
    const changed = await server.ask('GET', '/api/config')
    const { etag } = changed.json as { etag: string }
    assert.equal((await server.ask('PATCH', '/api/config', { etag, changes: [{ path: ['apps', 'shop', 'exclude'], value: ['of another tab'] }] })).status, 200)
    await page.getByLabel('Not these files').fill('of this tab')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('was changed by somebody else meanwhile').waitFor(patience)
    await page.unroute('**/api/config')
    await page.getByRole('button', { name: 'Load the newest and keep my changes' }).click()
    await page.getByText('was changed by somebody else meanwhile').waitFor({ state: 'detached', ...patience })
    assert.equal(await shownDraft(page), 'of this tab')
    await page.getByRole('button', { name: 'Save' }).click()
    await until('both are written', () => ['of another tab', 'of this tab'].every((one) => readFileSync(machine.configFile, 'utf8').includes(one)))
  })

  test('sends an archive that breaks off on the way, and gets its content into another folder', async () => {
    let broken = 0
    await page.route('**/api/uploads/*', async (route) => {
      if (route.request().method() !== 'PATCH' || broken >= 2) return await route.continue()
      broken++
      await route.abort('connectionreset')
    })
    await page.goto(`${server.url}apps/shop/restore?from=upload`)
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click(patience)])
    await chooser.setFiles(archive)
    await page.getByText('Checked and whole').waitFor(patience)
    assert.equal(broken, 2)
    await page.unroute('**/api/uploads/*')
    await page.getByRole('button', { name: 'Continue' }).click()
    const target = join(machine.folder, 'restored')
    await page.getByRole('radio', { name: 'Another folder' }).check()
    await page.getByLabel('Folder on the server').fill(target)
    await page.getByRole('button', { name: 'Make the plan' }).click()
    await page.getByText('What would happen').waitFor(patience)
    assert.equal(await page.getByText(machine.state).count(), 0, 'nobody is shown where the server keeps uploads')
    await page.getByLabel(/Type .* to confirm/).fill('shop')
    await page.getByRole('button', { name: 'Restore now' }).click()
    await giveThePassword(page)
    await page.getByText('The restore has succeeded').waitFor(patience)
    assert.equal(readFileSync(join(target, 'docs/page-3.txt'), 'utf8'), 'page 3\n'.repeat(200))
    assert.equal(readFileSync(join(machine.app, 'index.txt'), 'utf8'), 'the first page\n')
  })

  test('is told of a damaged archive before anything is done with it', async () => {
    const bytes = readFileSync(archive)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff
    const damaged = join(machine.folder, 'damaged.tar.gz')
    writeFileSync(damaged, bytes)
    await page.goto(`${server.url}apps/shop/restore?from=upload`)
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click(patience)])
    await chooser.setFiles(damaged)
    await page.getByText('Refused').waitFor(patience)
    assert.equal(await page.getByRole('button', { name: 'Continue' }).isDisabled(), true)
    assert.deepEqual(await violations(page), [])
  })

  for (const [how, button, action] of [['rolls back', 'Roll it back…', 'Roll the restore back'], ['finishes', 'Finish it…', 'Finish the restore']] as const) {
    test(`${how} a restore whose process was killed`, async () => {
      await killedRestore(server)
      await page.goto(`${server.url}apps/shop`)
      await page.getByText('A restore was not finished').first().waitFor(patience)
      assert.deepEqual(await violations(page), [])
      await page.getByRole('button', { name: button }).click()
      await confirm(action)
      await page.getByRole('main').getByText(/^(?:Done|Succeeded|Took)/).first().waitFor(patience)
      await until('it is settled', () => readFileSync(join(machine.app, 'index.txt'), 'utf8') === (how === 'finishes' ? 'the first page\n' : 'of today\n'))
      await page.goto(`${server.url}apps/shop`)
      await page.getByRole('heading', { name: /shop/ }).first().waitFor(patience)
      assert.equal(await page.getByText('A restore was not finished').count(), 0)
    })
  }

  test('undoes a restore', async () => {
    await page.goto(`${server.url}apps/shop`)
    await page.getByRole('button', { name: 'Undo it…' }).click(patience)
    await confirm('Undo the restore')
    await until('what was there before is back', () => readFileSync(join(machine.app, 'index.txt'), 'utf8') === 'of today\n')
  })

  test('is told when the server is away, and sees what happened as soon as it is back', async () => {
    await page.goto(`${server.url}apps/shop`)
    await page.getByRole('heading', { name: /shop/ }).first().waitFor(patience)
    const rows = page.getByRole('link', { name: 'Browse' })
    await rows.first().waitFor(patience)
    const shown = await rows.count()
    await server.end('SIGKILL')
    await page.getByText('The connection to the server is lost').waitFor(patience)
    assert.deepEqual(await violations(page), [])
    await machine.backup(['shop'])
    await server.begin()
    await page.getByText('The connection to the server is lost').waitFor({ state: 'hidden', ...patience })
    await until('the new point is shown without being asked for', async () => await rows.count() === shown + 1)
  })

  test('met no fault of any script on the way', () => {
    assert.deepEqual(faults, [])
  })
})

/** Leaves a restore that was killed in the middle of its swap, of which each entry of the root is a rename. */
async function killedRestore(server: RunningServer): Promise<void> {
  const { machine } = server
  mkdirSync(join(machine.folder, 'tmp'), { recursive: true })
  for (const nth of [5, 6, 7, 8, 9, 10]) {
    writeFileSync(join(machine.app, 'index.txt'), 'of today\n')
    const ended = await new Program(machine.folder, machine.state).run(['--config', machine.configFile, 'restore', 'latest', '--app', 'shop', '--no-ask'], { killAt: { kind: 'call', call: 'rename', nth } })
    assert.equal(ended.signal, 'SIGKILL', ended.stderr)
    if ((await server.get(restoreStateSchema, 'GET', '/api/apps/shop/restore')).unfinished !== undefined) return
  }
  throw new Error('no kill has hit the swap')
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !await holds(); tries++) {
    if (tries > 400) throw new Error(`${what}: not within 20 s`)
    await sleep(50)
  }
}
