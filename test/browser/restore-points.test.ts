import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContext, Download, Locator, Page, Request } from 'playwright-core'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { Machine } from '../e2e/machine.ts'
import { PointIndex } from '../../src/server/book/point-index.ts'
import { openBrowser } from '../fixtures/browser.ts'
import { RunningServer } from '../server/e2e/running-server.ts'
import { settled, violations } from './page-violations.ts'
import { shopMachine } from './shop-machine.ts'
import { giveThePassword, signIn } from './signed-in.ts'

const pictures = process.env['HOLDFAST_SCREENSHOTS']
const patience = { timeout: 20_000 }

suite('a person who looks after restore points', () => {
  let machine: Machine
  let server: RunningServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let older: Snapshot
  let newer: Snapshot
  const faults: string[] = []

  before(async () => {
    machine = await shopMachine()
    writeFileSync(machine.configFile, JSON.stringify({ apps: { shop: { root: machine.app, databases: [{ type: 'sqlite', path: 'shop.db' }] } }, vaults: { disk: { type: 'archive', place: machine.place } }, state: machine.state }))
    using database = new DatabaseSync(join(machine.app, 'shop.db'))
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2), (3)')
    older = await onePoint(machine)
    database.exec('INSERT INTO orders VALUES (4), (5)')
    writeFileSync(join(machine.app, 'index.txt'), 'another first page\n')
    writeFileSync(join(machine.app, 'docs/new.txt'), 'new\n')
    rmSync(join(machine.app, 'docs/page-3.txt'))
    newer = await onePoint(machine)
    await listManyNames(machine, older)
    server = await RunningServer.start(machine)
    browser = await openBrowser()
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', colorScheme: 'light' })
    page = await context.newPage()
    page.on('pageerror', (error) => faults.push(error.message))
    await signIn(page, server.url)
  })
  after(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  const open = async (path: string): Promise<void> => {
    await page.goto(`${server.url}${path}`)
    await page.getByRole('main').getByRole('heading').first().waitFor(patience)
  }
  const look = async (name: string): Promise<void> => {
    await settled(page)
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    assert.deepEqual(await violations(page), [], `axe on ${name}`)
  }
  const focusComesTo = async (name: string): Promise<void> => {
    const focused = page.locator('.tree-row:focus .tree-name')
    await focused.getByText(name, { exact: true }).waitFor(patience)
  }
  const chosen = (): Locator => page.getByRole('complementary', { name: 'The chosen entry' })

  test('walks through the tree by keys alone', async () => {
    await open(`apps/shop/points/${newer.id}`)
    // Not the row that stands for names that are still to come.
    await page.getByRole('treeitem', { name: /docs/ }).waitFor(patience)
    await page.getByRole('treeitem', { name: /docs/ }).focus()
    await page.keyboard.press('End')
    await focusComesTo('shop.db')
    await page.keyboard.press('Home')
    // A folder opens with →, its first entry comes with the next one, and ← goes back to it.
    await focusComesTo('docs')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('treeitem', { name: /page-0\.txt/ }).waitFor(patience)
    await page.keyboard.press('ArrowRight')
    await focusComesTo('new.txt')
    await page.keyboard.press('ArrowDown')
    await focusComesTo('page-0.txt')
    await page.keyboard.press('Enter')
    await chosen().getByText('page 0').first().waitFor(patience)
    await look('browse-preview')
    await page.keyboard.press('ArrowLeft')
    await focusComesTo('docs')
    await page.keyboard.press('ArrowLeft')
    await page.getByRole('treeitem', { name: /page-0\.txt/ }).waitFor({ state: 'detached', ...patience })
  })

  test('a folder of 100,000 names has its true length at once, and any place of it is one request away', async () => {
    let asked = 0
    const count = (request: Request): void => {
      if (request.url().includes('/tree')) asked++
    }
    page.on('request', count)
    await open(`apps/shop/points/${older.id}`)
    await page.getByRole('treeitem', { name: /many/ }).click(patience)
    await focusComesTo('many')
    await page.getByRole('treeitem', { name: 'file-000000.txt' }).waitFor(patience)
    const tree = page.getByRole('tree')
    assert.equal(await tree.evaluate(({ scrollHeight }) => Math.round(scrollHeight / 34)), 100_002)
    await tree.evaluate((box) => { box.scrollTop = box.scrollHeight })
    await page.getByRole('treeitem', { name: 'file-099999.txt' }).waitFor(patience)
    await focusComesTo('many')
    await page.keyboard.press('End')
    await focusComesTo('zebra.txt')
    await page.keyboard.press('ArrowUp')
    await focusComesTo('file-099999.txt')
    await page.keyboard.press('PageUp')
    await page.locator('.tree-row:focus').filter({ hasText: /file-0999[78]/ }).waitFor(patience)
    await page.keyboard.type('FILE-05')
    await focusComesTo('file-050000.txt')
    await page.keyboard.press('ArrowLeft')
    await focusComesTo('many')
    // Somebody who pauses begins another name.
    await page.waitForTimeout(900)
    await page.keyboard.press('z')
    await focusComesTo('zebra.txt')
    page.off('request', count)
    assert.ok(asked <= 15, `${asked} requests`)
  })

  test('what is open in the tree is open after a search', async () => {
    const tree = page.getByRole('tree')
    const scrolled = async (): Promise<number> => await tree.evaluate(({ scrollTop }) => scrollTop)
    const place = await scrolled()
    assert.ok(place > 3_000_000)
    await page.getByLabel('Search by name').fill('f')
    await page.getByText('Two letters at least').waitFor(patience)
    await page.getByLabel('Search by name').fill('099999')
    await page.getByText('1 entry found').waitFor(patience)
    await tree.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('treeitem', { name: 'zebra.txt' }).waitFor(patience)
    assert.equal(await scrolled(), place)
  })

  test('finds an entry by a part of its name, and reads it by keys', async () => {
    await open(`apps/shop/points/${newer.id}`)
    await page.getByLabel('Search by name').fill('page-1')
    await page.getByText('11 entries found').waitFor(patience)
    // One stop of the tab key; the arrows go on from there.
    await page.getByRole('option', { name: 'docs/page-1.txt' }).waitFor(patience)
    assert.equal(await page.locator('[role=option][tabindex="0"]').count(), 1)
    await page.locator('[role=option][tabindex="0"]').focus()
    await page.keyboard.press('ArrowDown')
    await focusComesTo('docs/page-10.txt')
    await page.keyboard.press('End')
    await focusComesTo('docs/page-19.txt')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('PageUp')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await chosen().getByText('page 19').first().waitFor(patience)
    await look('search')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('tree').waitFor(patience)
  })

  test('keys act on the row that has the focus, however it got there', async () => {
    await open(`apps/shop/points/${newer.id}`)
    await page.getByRole('treeitem', { name: /shop\.db/ }).waitFor(patience)
    await page.getByRole('treeitem', { name: /index\.txt/ }).focus()
    await page.keyboard.press('Enter')
    await chosen().getByText('another first page').first().waitFor(patience)
    await page.keyboard.press('ArrowDown')
    await focusComesTo('shop.db')
  })

  test('downloads a file, a folder as zip and the archive itself', async () => {
    await open(`apps/shop/points/${newer.id}`)
    await page.getByRole('treeitem', { name: /index\.txt/ }).click(patience)
    assert.equal(readFileSync(await downloaded(chosen().getByRole('link', { name: 'Download' })), 'utf8'), 'another first page\n')
    await page.getByRole('treeitem', { name: /docs/ }).click()
    const zip = await downloaded(chosen().getByRole('link', { name: 'Download as zip' }))
    const names = execFileSync('unzip', ['-Z1', zip], { encoding: 'utf8' }).trim().split('\n').filter((name) => !name.endsWith('/'))
    assert.equal(names.length, 20)
    assert.equal(execFileSync('unzip', ['-p', zip, names.find((name) => name.endsWith('page-7.txt')) ?? '']).toString(), 'page 7\n'.repeat(200))
    const archive = await downloaded(page.getByRole('main').getByRole('link', { name: 'Download', exact: true }).first())
    assert.ok(readdirSync(machine.place).some((name) => name.endsWith('.tar.gz') && readFileSync(join(machine.place, name)).equals(readFileSync(archive))))
  })

  test('sees what changed between two points, by file and by rows of a table', async () => {
    await open(`apps/shop/points/${older.id}/compare`)
    await look('compare-blank')
    await page.getByRole('combobox', { name: 'Compared with' }).click()
    await page.getByRole('option').nth(1).click()
    await page.getByRole('main').getByRole('button', { name: 'Compare' }).click()
    const tables = page.getByRole('group', { name: 'Database tables by rows' })
    await tables.waitFor(patience)
    assert.match(await tables.getByRole('row', { name: /orders/ }).innerText(), /orders\s+3\s+5\s+\+2/)
    const files = page.getByRole('group', { name: 'Files' })
    for (const [path, change] of [['docs/new.txt', 'Added'], ['docs/page-3.txt', 'Removed'], ['index.txt', 'Changed']] as const) assert.match(await files.getByRole('row', { name: new RegExp(path) }).innerText(), new RegExp(change))
    await look('compare')
    await page.getByText('Removed', { exact: true }).first().click()
    assert.equal(await files.getByRole('row', { name: /new\.txt/ }).count(), 0)
    assert.match(await page.locator('.command code').innerText(), new RegExp(`diff ${older.id} ${newer.id}`))
  })

  test('has a point verified', async () => {
    await open('apps/shop')
    await page.getByRole('button', { name: /^More for the point of/ }).last().click(patience)
    await page.getByRole('menuitem', { name: 'Verify' }).click()
    await page.getByRole('main').getByText('Succeeded').first().waitFor(patience)
    await look('run-verify')
    assert.match((await machine.holdfast(['list'])).stdout, new RegExp(`${older.id.slice(0, 4)}.*verified`))
  })

  test('deletes a point after its application\'s name is typed', async () => {
    const archives = (): readonly string[] => readdirSync(machine.place).filter((name) => name.endsWith('.tar.gz'))
    assert.equal(archives().length, 2)
    await open('apps/shop')
    await page.getByRole('button', { name: /^More for the point of/ }).last().click(patience)
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    const dialog = page.getByRole('dialog')
    const remove = dialog.getByRole('button', { name: 'Delete for ever' })
    await remove.waitFor(patience)
    assert.equal(await remove.isDisabled(), true)
    await dialog.getByLabel(/Type .*shop.* to confirm/).fill('sho')
    assert.equal(await remove.isDisabled(), true)
    await dialog.getByLabel(/Type .*shop.* to confirm/).fill('shop')
    await look('delete')
    await remove.click()
    await giveThePassword(page)
    await page.getByRole('main').getByText('Succeeded').first().waitFor(patience)
    assert.equal(archives().length, 1)
    assert.deepEqual((await machine.points()).map(({ id }) => id), [newer.id])
  })

  test('makes a token, which is shown this once', async () => {
    await open('settings/tokens')
    await page.getByRole('button', { name: 'Make a token' }).first().click()
    await page.getByRole('dialog').getByLabel('Name').fill('graphs')
    await look('token-new')
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click()
    await giveThePassword(page)
    const text = await page.getByRole('dialog').locator('.command code').innerText(patience)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    assert.equal((await server.ask('GET', '/api/status', undefined, { as: { token: text } })).status, 200)
    await page.reload()
    await page.getByRole('cell', { name: 'graphs', exact: true }).waitFor(patience)
    assert.equal((await page.getByRole('main').innerText()).includes(text), false)
  })

  const paths = (): readonly (readonly [path: string, name: string])[] => [
    ['', 'overview'], ['apps/shop', 'application'], ['apps/shop/runs', 'runs'], [`apps/shop/points/${newer.id}`, 'point'], [`apps/shop/points/${newer.id}/compare`, 'compare-blank'],
    [`apps/shop/restore?point=${newer.id}`, 'restore-what'], ['apps/shop/restore?from=upload', 'restore-upload'], ['settings/applications', 'settings'], ['settings/destinations', 'destinations'],
    ['settings/notifications', 'notifications'], ['settings/file', 'file'], ['settings/accounts', 'accounts'], ['settings/tokens', 'tokens'], ['settings/audit', 'audit'], ['settings/account', 'account'], ['widgets', 'widgets'], ['welcome', 'welcome'], ['nowhere', 'not-found'], ['apps/nothing', 'application-unknown'],
  ]

  test('finds every page in order, and where a restore goes', async () => {
    for (const [path, name] of paths()) {
      await open(path)
      await look(name)
    }
    await open(`apps/shop/restore?point=${newer.id}`)
    await page.getByRole('button', { name: 'Continue' }).click(patience)
    await page.getByText('Where does it go?').waitFor(patience)
    await page.getByText('This SQLite database is a file and goes where the files go:').waitFor(patience)
    assert.equal(await page.getByLabel('shop.db').count(), 0, 'no other name is asked for what has none')
    await look('restore-where')
  })

  // Each page in one of them; all in all of them where pictures are kept.
  for (const [turn, [language, colorScheme]] of ([['it', 'dark'], ['fr', 'light'], ['en-GB', 'dark']] as const).entries()) {
    test(`finds pages in order on a phone: ${language}, ${colorScheme}`, async () => {
      const other = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: language, colorScheme, storageState: await context.storageState() })
      const phone = await other.newPage()
      phone.on('pageerror', (error) => faults.push(error.message))
      try {
        for (const [path, name] of paths().filter((_, index) => pictures !== undefined || index % 3 === turn)) {
          await phone.goto(`${server.url}${path}`)
          await phone.getByRole('main').getByRole('heading').first().waitFor(patience)
          await settled(phone)
          if (pictures !== undefined) await phone.screenshot({ path: join(pictures, `${name}-${language.slice(0, 2)}-${colorScheme}-phone.png`), fullPage: true })
          assert.deepEqual(await violations(phone), [], `axe on ${name}`)
          assert.equal(await phone.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, `${name} is wider than the screen`)
        }
      } finally {
        await other.close()
      }
    })
  }

  test('sees on a narrow phone what came of each run, and all steps of a restore in one line', async () => {
    const other = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'it', colorScheme: 'dark', storageState: await context.storageState() })
    const phone = await other.newPage()
    const rightOf = async (one: Locator): Promise<number> => await one.evaluate((element) => element.getBoundingClientRect().right)
    try {
      for (const path of ['apps/shop/runs', 'settings/audit']) {
        await phone.goto(`${server.url}${path}`)
        await phone.locator('tbody .state').first().waitFor(patience)
        for (const mark of await phone.locator('tbody .state').all()) assert.ok(await rightOf(mark) <= 360, path)
      }
      await phone.goto(`${server.url}apps/shop/restore?point=${newer.id}`)
      await phone.locator('.mantine-Stepper-step').first().waitFor(patience)
      const tops = await phone.locator('.mantine-Stepper-step').evaluateAll((steps) => steps.map((step) => Math.round(step.getBoundingClientRect().top)))
      assert.equal(tops.length, 4)
      assert.equal(new Set(tops).size, 1)
      await phone.goto(`${server.url}widgets`)
      const token = phone.getByLabel(/Token/).first()
      await token.waitFor(patience)
      assert.ok(await token.evaluate((element) => element.getBoundingClientRect().width) > 200)
    } finally {
      await other.close()
    }
  })

  test('met no fault of any script on the way', () => {
    assert.deepEqual(faults, [])
  })

  async function downloaded(link: Locator): Promise<string> {
    const [download]: [Download, void] = await Promise.all([page.waitForEvent('download', patience), link.click(patience)])
    return await download.path()
  }
})

/** Gives a point the list of one that holds 100,000 names: to back them up takes too long for a test. */
async function listManyNames(machine: Machine, point: Snapshot): Promise<void> {
  const file = { kind: 'file' as const, mode: 0o644, mtimeNs: 0n, size: 1 }
  using index = new PointIndex(join(machine.state, '.server', 'points'))
  await index.make(point.id, async function* () {
    for (let number = 0; number < 100_000; number++) yield { ...file, path: `many/file-${String(number).padStart(6, '0')}.txt` }
    yield { ...file, path: 'zebra.txt' }
  })
}

async function onePoint(machine: Machine): Promise<Snapshot> {
  const [point] = await machine.backup(['shop'])
  if (point === undefined) throw new Error('the backup gave no point')
  return point
}
