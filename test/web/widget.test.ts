import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '../fixtures/browser.ts'
import type { Told, WidgetStand } from './widget-stand.ts'
import { answer, widgetStand } from './widget-stand.ts'

let browser: Browser
let stand: WidgetStand

before(async () => {
  stand = await widgetStand()
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await stand[Symbol.asyncDispose]()
})

type Opened = Page & { readonly errors: readonly string[] }

/** The foreign page with this body. Whatever a script throws, or the policy forbids, is written down. */
async function open(body: string, { clock = false, dark = false, lang = 'en' }: { readonly clock?: boolean; readonly dark?: boolean; readonly lang?: string } = {}): Promise<Opened> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', colorScheme: dark ? 'dark' : 'light', viewport: { width: 400, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(5000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) errors.push(message.text()) })
  if (clock) await page.clock.install()
  stand.body = body
  stand.lang = lang
  await page.goto(stand.foreign)
  return Object.assign(page, { errors })
}

function tile(attributes = '', app = 'ERP'): string {
  return `<holdfast-tile app="${app}" token="hf_abc" ${attributes}></holdfast-tile>`
}

/** What a tile shows, once it shows this headline. */
async function shown(page: Page, headline: string, index = 0): Promise<Record<string, unknown>> {
  const host = page.locator('holdfast-tile').nth(index)
  await host.locator('.headline', { hasText: headline }).waitFor()
  const text = async (selector: string): Promise<string> => await host.locator(selector).innerText().catch(() => '')
  return {
    tone: await host.locator('.tile').getAttribute('data-tone'),
    headline: await text('.headline'), detail: (await host.locator('.detail').textContent()) ?? '', meta: (await host.locator('.meta').textContent()) ?? '', age: (await host.locator('.age').textContent()) ?? '',
    messages: await host.locator('.messages li').allInnerTexts(),
    circles: await Promise.all((await host.locator('.circles li').all()).map(async (item) => await item.getAttribute('data-color'))),
  }
}

async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe.source)
  return await page.evaluate('axe.run(document).then(({ violations, passes }) => passes.length < 5 ? "it saw nothing" : violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, any }) => html + any.map(({ message }) => message))]))')
}

/** What of a browser's names the tests use: they are compiled for Node. */
type Dom = { getComputedStyle(element: unknown): { getPropertyValue(name: string): string } }
type TileElement = { setAttribute(name: string, value: string): void; remove(): void; readonly clientWidth: number; readonly shadowRoot: { readonly firstElementChild: { readonly scrollWidth: number } } }

/** The style that a part of the tile has in the end. */
async function style(page: Page, selector: string, property: string): Promise<unknown> {
  const part = await page.locator('holdfast-tile').first().locator(selector).first().elementHandle()
  return await page.evaluate(([element, name]) => (globalThis as unknown as Dom).getComputedStyle(element).getPropertyValue(name), [part, property] as const)
}

test('the whole tile is smaller than 15 kB as it travels, and so are those for Jeedom', () => {
  assert.ok(gzipSync(stand.script, { level: 6 }).length < 15_000)
  for (const html of Object.values(stand.jeedom)) assert.ok(gzipSync(html).length < 15_000)
  assert.ok(stand.script.every((byte) => byte < 128), 'it needs no encoding')
})

const { lastAt: _lastAt, ...withoutLast } = JSON.parse(answer({ fileName: '', circles: { local: 'red', network: 'red', cloud: 'grey' }, troubles: ['missing'], state: 'failed' }).text) as Record<string, unknown>
const date = '21 Nov 2026, 03:00'
const file = 'OSM backup 2026-11-21 03_00_00 FULL.zip'
const gone = { tone: 'off', headline: 'State unknown', detail: '', meta: '', age: '', circles: ['grey', 'grey', 'grey'] }

const cases: readonly (readonly [name: string, told: Told, expected: Record<string, unknown>])[] = [
  ['done', answer(), { tone: 'ok', headline: 'Backup done', detail: file, meta: `${date} · 123 MB`, age: '', messages: [], circles: ['green', 'green', 'grey'] }],
  ['running', answer({ action: 'running', state: 'running' }), { tone: 'running', headline: 'Backup in progress …', detail: `Last: ${date}`, meta: '', age: '', messages: [], circles: ['green', 'green', 'grey'] }],
  ['the first one running', { text: JSON.stringify({ ...withoutLast, action: 'running', state: 'running' }) }, { tone: 'running', headline: 'Backup in progress …', detail: 'No earlier backup', meta: '', age: '', messages: ['A backup is missing'], circles: ['red', 'red', 'grey'] }],
  ['none', { text: JSON.stringify({ ...withoutLast, action: 'none', state: 'never' }) }, { tone: 'failed', headline: 'No backup action yet', detail: '', meta: '', age: '', messages: [], circles: ['red', 'red', 'grey'] }],
  ['missing', { text: JSON.stringify(withoutLast) }, { tone: 'failed', headline: 'No backup found', detail: '', meta: '', age: '', messages: ['A backup is missing'], circles: ['red', 'red', 'grey'] }],
  ['too small', answer({ sizeBytes: 512, circles: { local: 'orange', network: 'green', cloud: 'green' }, troubles: ['too-small'], state: 'warning' }), { tone: 'warning', headline: 'Backup done', detail: file, meta: `${date} · 512 byte`, age: '', messages: ['The backup is too small'], circles: ['orange', 'green', 'green'] }],
  ['log errors', answer({ circles: { local: 'orange', network: 'red', cloud: 'green' }, troubles: ['log-error', 'unreachable'], state: 'failed' }), { tone: 'failed', headline: 'Backup ended with errors', detail: file, meta: `${date} · 123 MB`, age: '', messages: ['The log tells errors', 'A destination cannot be reached'], circles: ['orange', 'red', 'green'] }],
  ['a server that says ok beside a red circle', answer({ circles: { local: 'red', network: 'green', cloud: 'grey' } }), { tone: 'failed', headline: 'Backup done', detail: file, meta: `${date} · 123 MB`, age: '', messages: [], circles: ['red', 'green', 'grey'] }],
  ['a trouble of a later version', { text: answer({ state: 'warning' }).text.replace('"troubles":[]', '"troubles":["brand-new"]') }, { tone: 'warning', headline: 'Backup done', detail: file, meta: `${date} · 123 MB`, age: '', messages: ['Something needs attention'], circles: ['green', 'green', 'grey'] }],
  ['no JSON', { text: '<html>login</html>' }, { ...gone, messages: ['Invalid answer'] }],
  ['JSON of something else', { text: '[]' }, { ...gone, messages: ['Invalid answer'] }],
  ['an impossible date', answer({ lastAt: 'yesterday' }), { ...gone, messages: ['Invalid answer'] }],
  ['an unknown colour', { text: answer().text.replace('"green"', '"blue"') }, { ...gone, messages: ['Invalid answer'] }],
  ['a part of it', { text: '{"version":1,"app":"ERP","action":"done"}' }, { ...gone, messages: ['Incomplete answer'] }],
  ['circles without cloud', { text: answer().text.replace(',"cloud":"grey"', '') }, { ...gone, messages: ['Incomplete answer'] }],
  ['401', { status: 401, text: '{}' }, { ...gone, messages: ['Access refused'] }],
  ['403', { status: 403, text: '{}' }, { ...gone, messages: ['Access refused'] }],
  ['401 that a browser hides from a foreign page', { status: 401, text: '{}', hidden: true }, { ...gone, messages: ['Access refused'] }],
  ['a good answer that is not for this page', { ...answer(), hidden: true }, { ...gone, messages: ['Access refused'] }],
  ['404', { status: 404, text: '{}' }, { ...gone, messages: ['Unknown application'] }],
  ['500 with a good answer', { ...answer(), status: 500 }, { ...gone, messages: ['The server answers with an error'] }],
]

test('every state and every bad answer has its words and colours, in a foreign page that forbids inline styles', async () => {
  for (const [name, told] of cases) stand.answers.set(name, told)
  const page = await open(cases.map(([name]) => tile('label="ERP"', name)).join(''))
  for (const [index, [name, , expected]] of cases.entries()) {
    assert.deepEqual(await shown(page, String(expected['headline']), index), expected, name)
  }
  assert.deepEqual(page.errors, [])
  assert.ok(stand.asked.length >= cases.length && stand.asked.every(({ token, origin }) => token === 'hf_abc' && origin === stand.foreign))
  assert.deepEqual(await violations(page), [])
  await page.context().close()
})

test('it is readable in dark and light, on a phone, and in three languages, with nothing for axe to find', async () => {
  for (const [name, told] of cases) stand.answers.set(name, told)
  for (const [lang, dark, headline, circle] of [['it', true, 'Backup completato', 'Rete: a posto'], ['fr-CH', false, 'Sauvegarde terminée', 'Réseau: en ordre'], ['de', true, 'Backup done', 'Network: fine']] as const) {
    const page = await open(['dashboard', 'mobile'].flatMap((form) => cases.slice(0, 8).map(([name]) => tile(`form="${form}"`, name))).join(''), { dark, lang })
    await shown(page, headline)
    assert.equal(await page.locator('[data-reach=network]').first().textContent(), circle)
    assert.equal(await style(page, '.tile', 'background-color'), dark ? 'rgb(27, 32, 43)' : 'rgb(255, 255, 255)')
    assert.deepEqual(await violations(page), [], `${lang} ${dark}`)
    const wide = await page.locator('holdfast-tile').evaluateAll((tiles) => (tiles as unknown as TileElement[]).some((element) => element.shadowRoot.firstElementChild.scrollWidth > element.clientWidth))
    assert.equal(wide, false, 'nothing sticks out')
    await page.context().close()
  }
})

test('its own language, theme and label go before the page\'s', async () => {
  stand.answers.set('ERP', answer())
  const page = await open(tile('lang="fr" theme="dark" label="Gestionale"'))
  await shown(page, 'Sauvegarde terminée')
  assert.equal(await page.locator('.name').textContent(), 'Gestionale')
  assert.equal(await page.locator('.tile').getAttribute('aria-label'), 'Sauvegarde de Gestionale')
  assert.equal(await style(page, '.tile', 'background-color'), 'rgb(27, 32, 43)')
  await page.context().close()
})

const parameters: readonly (readonly [english: string, old: string, value: string, selector: string, property: string, expected: string])[] = [
  ['background-color', 'couleurBackground', '#102030', '.tile', 'background-color', 'rgb(16, 32, 48)'],
  ['border-radius', 'borderRadiusTuile', '3', '.tile', 'border-top-left-radius', '3px'],
  ['text-color', 'couleurText', 'rgb(1, 2, 3)', '.headline', 'color', 'rgb(1, 2, 3)'],
  ['icon-color', 'couleurIcones', 'ABCDEF', '.ring', 'color', 'rgb(171, 205, 239)'],
  ['icon-radius', 'borderRadiusIcones', '25%', '.ring', 'border-top-left-radius', '25%'],
  ['success-color', 'couleurCircleSucces', 'rebeccapurple', '[data-color=green] .ring', 'background-color', 'rgb(102, 51, 153)'],
  ['warning-color', 'couleurCircleWarning', 'hsl(120 100% 25%)', '[data-color=orange] .ring', 'background-color', 'rgb(0, 128, 0)'],
  ['error-color', 'couleurCircleError', '#f0f', '[data-color=red] .ring', 'background-color', 'rgb(255, 0, 255)'],
  ['loader-color', 'couleurLoader', 'teal', '.loader', 'color', 'rgb(0, 128, 128)'],
]
const colourful = answer({ action: 'running', state: 'running', circles: { local: 'green', network: 'orange', cloud: 'red' } })

test('every colour and radius is set by its English and its old name, as an attribute and in the address of a page', async () => {
  stand.answers.set('ERP', colourful)
  for (const name of [0, 1] as const) {
    const attributes = parameters.map((parameter) => `${parameter[name]}="${parameter[2]}"`).join(' ')
    const page = await open(tile(`${attributes} ${name === 0 ? 'loader-style' : 'styleLoader'}="3"`))
    await shown(page, 'Backup in progress')
    for (const [, , , selector, property, expected] of parameters) assert.equal(await style(page, selector, property), expected, `${name} ${selector} ${property}`)
    assert.equal(await page.locator('.loader').getAttribute('data-style'), '3')

    const query = new URLSearchParams([...parameters.map((parameter) => [parameter[name], parameter[2]] as [string, string]), ['token', 'hf_page'], [name === 0 ? 'loader-style' : 'styleLoader', '2']])
    await page.goto(`${stand.url}/base/widget/ERP?${query}`)
    await shown(page, 'Backup in progress')
    for (const [, , , selector, property, expected] of parameters) assert.equal(await style(page, selector, property), expected, `address ${name} ${selector} ${property}`)
    assert.equal(await page.locator('.loader').getAttribute('data-style'), '2')
    assert.equal(stand.asked.at(-1)?.token, 'hf_page')
    assert.deepEqual(page.errors, [])
    await page.context().close()
  }
})

test('a parameter that changes is taken at once, and text follows a background of the page\'s own', async () => {
  stand.answers.set('ERP', answer())
  const page = await open(tile('background-color="#1a1036"'))
  await shown(page, 'Backup done')
  assert.equal(await style(page, '.headline', 'color'), 'rgb(231, 234, 241)', 'light on a dark background, though the page is light')
  await page.locator('holdfast-tile').evaluate((element) => {
    const host = element as unknown as TileElement
    host.setAttribute('background-color', 'white')
    host.setAttribute('form', 'mobile')
  })
  await page.locator('.tile.mobile').waitFor()
  assert.equal(await style(page, '.headline', 'color'), 'rgb(29, 36, 51)')
  await page.context().close()
})

test('what is no colour and no length does nothing: no rule, no address, no property of its own', async () => {
  stand.answers.set('ERP', colourful)
  const bad = ['red;position:fixed', 'url(http://127.0.0.1:1/x)', 'var(--bg)', 'expression(alert(1))', 'rgb(1,2,3)}*{display:none', '#12', 'image-set("x")', '</style><script>', 'inherit']
  const page = await open([...bad.map((value) => tile(['background-color', 'text-color', 'success-color', 'border-radius', 'icon-radius', 'loader-color'].map((name) => `${name}="${value.replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"`).join(' '))), tile('loader-style="9" stale-minutes="x" debug')].join(''))
  for (const [index, value] of bad.entries()) {
    await shown(page, 'Backup in progress', index)
    const own = await page.locator('holdfast-tile').nth(index).locator('.tile').getAttribute('style')
    assert.equal(own ?? '', '', value)
  }
  assert.equal(await page.locator('holdfast-tile').last().locator('.loader').getAttribute('data-style'), '1')
  await page.context().close()
})

test('the debug view shows what was answered and which parameters were ignored, as text', async () => {
  stand.answers.set('ERP', { text: '<img src=x onerror=alert(1)>' })
  const page = await open(tile('debug couleurText="red;x:y"'))
  await shown(page, 'State unknown')
  assert.equal(await page.locator('.debug').textContent(), '! text-color\n200 <img src=x onerror=alert(1)>')
  await page.context().close()
})

test('hostile names are text', async () => {
  const hostile = '<img src=x onerror="document.title=\'gone\'"><script>document.title="gone"</script>'
  stand.answers.set('ERP', answer({ fileName: hostile, app: hostile }))
  const page = await open(tile())
  assert.equal((await shown(page, 'Backup done'))['detail'], hostile)
  assert.equal(await page.locator('holdfast-tile img, holdfast-tile script').count(), 0)
  assert.equal(await page.title(), 'Elsewhere')
  await page.context().close()
})

/** Waits until so many questions were asked. */
async function asked(count: number): Promise<void> {
  for (let waitedMs = 0; stand.asked.length < count && waitedMs < 5000; waitedMs += 10) await new Promise((resolve) => { setTimeout(resolve, 10) })
  assert.equal(stand.asked.length, count)
}

async function quiet(count: number): Promise<void> {
  await new Promise((resolve) => { setTimeout(resolve, 100) })
  assert.equal(stand.asked.length, count)
}

test('it asks every 30 seconds, not while nobody sees it, and at once when somebody looks again', async () => {
  stand.answers.set('ERP', answer())
  stand.asked.length = 0
  const page = await open(tile(), { clock: true })
  await shown(page, 'Backup done')
  await page.clock.runFor(29_000)
  await quiet(1)
  await page.clock.runFor(1500)
  await asked(2)
  const see = async (state: 'hidden' | 'visible'): Promise<void> => {
    await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`)
  }
  await page.waitForTimeout(50)
  await see('hidden')
  await page.clock.runFor(3_600_000)
  await quiet(2)
  stand.answers.set('ERP', { text: '', never: true })
  await see('visible')
  await asked(3)
  const old = await shown(page, 'State unknown')
  assert.deepEqual([old['tone'], old['age'], old['circles']], ['off', 'Last answer: 1 hour ago', ['grey', 'grey', 'grey']], 'what was drawn an hour ago is not shown as present, even before an answer')
  await page.locator('holdfast-tile').evaluate((element) => (element as unknown as TileElement).remove())
  await page.clock.runFor(600_000)
  await quiet(3)
  await page.context().close()
})

test('a server that stops answering is told at once, what it said is shown with its age, and as nothing after five minutes', async () => {
  stand.answers.set('ERP', answer())
  stand.asked.length = 0
  const page = await open(tile(), { clock: true })
  await shown(page, 'Backup done')
  stand.answers.set('ERP', { text: '', never: true })
  await page.clock.runFor(30_500)
  await asked(2)
  await page.clock.runFor(10_500)
  await page.locator('.messages li', { hasText: 'The server does not answer' }).waitFor()
  const first = await shown(page, 'Backup done')
  assert.match(String(first['age']), /^Last answer: 4\d seconds ago$/)
  assert.deepEqual(first['circles'], ['green', 'green', 'grey'])
  stand.answers.set('ERP', { status: 503, text: 'busy' })
  await page.clock.runFor(60_500)
  await asked(3)
  await page.locator('.messages li', { hasText: 'The server answers with an error' }).waitFor()
  assert.equal((await shown(page, 'Backup done'))['age'], 'Last answer: 1 minute ago')
  await page.clock.runFor(119_000)
  await quiet(3)
  await page.clock.runFor(1500)
  await asked(4)
  await page.clock.runFor(100_000)
  const later = await shown(page, 'State unknown')
  assert.deepEqual(later, { ...gone, age: 'Last answer: 5 minutes ago', messages: ['The server answers with an error'] })
  stand.answers.set('ERP', answer({ fileName: 'new.zip' }))
  // In steps shorter than the ten seconds that an answer may take.
  for (let step = 0; step < 40 && stand.asked.length < 5; step++) await page.clock.runFor(5000)
  await page.locator('.detail', { hasText: 'new.zip' }).waitFor()
  const back = await shown(page, 'Backup done')
  assert.deepEqual([back['age'], back['messages']], ['', []])
  await page.context().close()
})

test('a judgement that was old already as it was answered is as old as it is', async () => {
  const now = Date.now()
  const judged = (minutes: number): Told => answer({ judgedAt: new Date(now - minutes * 60_000).toISOString(), answeredAt: new Date(now).toISOString() })
  stand.answers.set('three', judged(3))
  stand.answers.set('ten', judged(10))
  const page = await open(`${tile('', 'three')}${tile('', 'ten')}${tile('stale-minutes="20"', 'ten')}`)
  assert.equal((await shown(page, 'Backup done'))['age'], 'Last answer: 3 minutes ago')
  assert.equal((await shown(page, 'State unknown', 1))['tone'], 'off')
  assert.equal((await shown(page, 'Backup done', 2))['age'], 'Last answer: 10 minutes ago')
  await page.context().close()
})

test('a server that is not there, an address that is none and a tile without an application say so', async () => {
  const page = await open(`${tile('server="http://127.0.0.1:1/"')}${tile('server="javascript:alert(1)"')}${tile('server="http://["')}<holdfast-tile></holdfast-tile>`)
  for (const index of [0, 1, 2]) assert.deepEqual(await shown(page, 'State unknown', index), { ...gone, messages: ['The server does not answer'] })
  assert.deepEqual(await shown(page, 'State unknown', 3), { ...gone, messages: ['No application is named'] })
  await page.context().close()
})

test('the page for an iframe stands in the pages of its token, and in no others', async () => {
  stand.answers.set('a b', answer())
  const page = await open(`<iframe title="backup" src="${stand.url}/base/widget/a%20b?token=hf_frame&amp;lang=it&amp;theme=dark"></iframe>`)
  await page.frameLocator('iframe').locator('.headline', { hasText: 'Backup completato' }).waitFor()
  assert.equal(stand.asked.at(-1)?.token, 'hf_frame')
  assert.deepEqual(page.errors, [])
  assert.deepEqual(await violations(page), [])
  const refused = await open(`<iframe title="backup" src="${stand.url}/base/widget/a%20b?pages=https://other.example"></iframe>`)
  await refused.waitForTimeout(200)
  assert.equal(await refused.frameLocator('iframe').locator('holdfast-tile').count(), 0)
  for (const { context } of [page, refused].map((opened) => ({ context: opened.context() }))) await context.close()
})
