import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../fixtures/browser.ts'
import { RunningServer } from '../server/e2e/running-server.ts'
import { settled, violations } from './page-violations.ts'
import { shopMachine } from './shop-machine.ts'
import { giveThePassword } from './signed-in.ts'

/** `HOLDFAST_SCREENSHOTS=FOLDER` keeps a picture of every page. */
const pictures = process.env['HOLDFAST_SCREENSHOTS']
const password = 'correct horse battery'
const patience = { timeout: 20_000 }

// One person's way through the dashboard: each test goes on where the one before has ended.
suite('a person with the dashboard', () => {
  let server: RunningServer
  let root = ''
  let place = ''
  let browser: Browser
  let context: BrowserContext
  let page: Page
  const faults: string[] = []

  before(async () => {
    const machine = await shopMachine()
    root = machine.app
    place = machine.place
    server = await RunningServer.start(machine, { accounts: false })
    browser = await openBrowser()
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', colorScheme: 'light' })
    page = await context.newPage()
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 40[13]/.test(message.text())) faults.push(message.text())
    })
  })
  after(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  const archives = (): readonly string[] => readdirSync(place).filter((name) => /^shop_.*\.tar\.gz$/.test(name))
  const look = async (name: string): Promise<void> => {
    await settled(page)
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    assert.deepEqual(await violations(page), [], `axe on ${name}`)
  }

  test('makes the first account with the token of the console', async () => {
    await page.goto(server.url)
    await page.getByLabel('Token of the console').fill(server.setupToken ?? '')
    await page.getByLabel('Name', { exact: true }).fill('ann')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByLabel('Password again').fill(password)
    await look('set-up')
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patience)
    await page.getByText('Never backed up').first().waitFor(patience)
    await look('overview-never')
  })

  test('signs out and in again', async () => {
    await page.getByRole('button', { name: /Account of ann/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('Name', { exact: true }).fill('ann')
    await page.getByLabel('Password', { exact: true }).fill('a wrong password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('access.wrong').waitFor(patience)
    await look('sign-in')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patience)
  })

  test('creates a backup, watches it, and finds the application protected', async () => {
    await page.getByRole('button', { name: 'Create backup: shop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await page.getByRole('main').getByText(/^(?:Took|verified)/).first().waitFor(patience)
    await look('run')
    assert.equal(archives().length, 1)
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Your application is protected.').waitFor(patience)
    await look('overview')
  })

  test('browses the restore point, and hostile names are nothing but text', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'shop' }).click()
    await page.getByRole('link', { name: 'Browse' }).first().click()
    await page.getByText('<img src=x onerror=document.title=1>.txt').first().waitFor(patience)
    assert.notEqual(await page.title(), '1')
    await look('browse')
  })

  test('restores what was broken, after the plan and the typed name, and sees it go well', async () => {
    await writeFile(join(root, 'index.txt'), 'broken\n')
    await rm(join(root, 'docs/page-3.txt'))
    await page.goto(`${server.url}apps/shop/restore`)
    await page.getByRole('button', { name: 'Continue' }).click(patience)
    await page.getByRole('button', { name: 'Make the plan' }).click()
    await page.getByText('What would happen').waitFor(patience)
    await look('restore-plan')
    assert.equal(await page.getByRole('button', { name: 'Restore now' }).isDisabled(), true)
    await page.getByLabel(/Type .*shop.* to confirm/).fill('shop')
    await page.getByRole('button', { name: 'Restore now' }).click()
    await giveThePassword(page, password)
    await page.getByText('The restore has succeeded').waitFor(patience)
    await look('restore-done')
    assert.equal(readFileSync(join(root, 'index.txt'), 'utf8'), 'the first page\n')
    assert.equal(readFileSync(join(root, 'docs/page-3.txt'), 'utf8'), 'page 3\n'.repeat(200))
  })

  test('shows the tile in a page of another server', async () => {
    const created = await page.evaluate(async (origin) => {
      const response = await fetch('api/tokens', { method: 'POST', headers: { 'content-type': 'application/json', 'x-holdfast': '1' }, body: JSON.stringify({ name: 'tile', kind: 'widget', frameAncestors: [origin] }) })
      return await response.json() as { text: string }
    }, 'http://127.0.0.1:*')
    const foreign = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(`<!doctype html><title>elsewhere</title><iframe width="400" height="300" src="${server.url}widget/shop?token=${created.text}"></iframe>`))
    foreign.listen(0, '127.0.0.1')
    await once(foreign, 'listening')
    const address = foreign.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const stranger = await browser.newPage()
    try {
      await stranger.goto(`http://127.0.0.1:${port}/`)
      await stranger.frameLocator('iframe').getByText(/shop_.*\.tar\.gz/).waitFor(patience)
      if (pictures !== undefined) await stranger.screenshot({ path: join(pictures, 'widget.png') })
    } finally {
      await stranger.close()
      foreign.close()
    }
  })

  test('sees it go red when the archive is damaged', async () => {
    const [archive = ''] = archives()
    const path = join(place, archive)
    const bytes = readFileSync(path)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff
    writeFileSync(path, bytes)
    await page.goto(`${server.url}apps/shop`)
    await page.getByRole('button', { name: /^More for the point of/ }).first().click()
    await page.getByRole('menuitem', { name: 'Verify' }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Not protected').first().waitFor(patience)
    await look('overview-failed')
  })

  for (const [language, word] of [['it', 'Panoramica'], ['fr', 'Vue d’ensemble|Vue d\'ensemble|Aperçu']] as const) {
    test(`reads it in ${language}, in the dark and on a phone`, async () => {
      const other = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: language, colorScheme: 'dark', storageState: await context.storageState() })
      const phone = await other.newPage()
      try {
        await phone.goto(server.url)
        await phone.getByRole('heading', { name: new RegExp(word) }).first().waitFor(patience)
        assert.equal(await phone.evaluate('document.documentElement.lang'), language)
        assert.equal(await phone.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, 'nothing is wider than the screen')
        if (pictures !== undefined) await phone.screenshot({ path: join(pictures, `overview-${language}-dark-phone.png`), fullPage: true })
        assert.deepEqual(await violations(phone), [])
      } finally {
        await other.close()
      }
    })
  }

  test('met no fault of any script on the way', () => {
    assert.deepEqual(faults, [])
  })
})
