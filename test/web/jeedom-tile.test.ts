import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import type { JeedomStatus, JeedomStatusInput } from '../../src/report/jeedom-status.ts'
import { jeedomStatus } from '../../src/report/jeedom-status.ts'
import { openBrowser } from '../fixtures/browser.ts'
import type { WidgetStand } from './widget-stand.ts'
import { widgetStand } from './widget-stand.ts'

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

const minuteMs = 60_000

/** As a Jeedom in the browser's time zone writes an instant. */
function local(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

type Setting = { readonly form?: 'dashboard' | 'mobile'; readonly parameters?: Readonly<Record<string, string>>; readonly collectedAt?: number; readonly api?: 'old' | 'new'; readonly theme?: string; readonly language?: string }

/** Does with the template what Jeedom does: fills in its words, quotes escaped, and puts it into its page, whose scripts then run. It proves our side alone. */
async function place(state: string, { form = 'dashboard', parameters = {}, collectedAt = Date.now(), api = 'new', theme = 'core2019_Light', language = 'fr_FR' }: Setting = {}): Promise<Page> {
  const words: Record<string, string> = { id: '12', uid: 'cmd12__345__', name: 'Jeedom', version: form, eqLogic_id: '3', state: state.replaceAll('\\\'', '\'').replaceAll('\'', '\\\''), collectDate: local(collectedAt), ...parameters }
  const html = Object.entries(words).reduce((text, [word, told]) => text.replaceAll(`#${word}#`, () => told), stand.jeedom[form])
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 400, height: 400 } })
  const page = await context.newPage()
  page.setDefaultTimeout(5000)
  const update = api === 'new' ? 'addUpdateFunction: (id, told) => { jeedom.cmd.update[id] = told }, ' : ''
  await page.setContent(`<!doctype html><html lang="en"><head><title>Jeedom</title><script>var jeedom = { cmd: { ${update}update: {} } }; var jeeFrontEnd = { language: '${language}' }</script></head><body data-theme="${theme}"><main><h1>Jeedom</h1>${html}</main></body></html>`)
  return page
}

async function shown(page: Page): Promise<Record<string, unknown>> {
  const text = async (selector: string): Promise<string> => (await page.locator(`holdfast-tile ${selector}`).textContent()) ?? ''
  return {
    headline: await text('.headline'), detail: await text('.detail'), meta: await text('.meta'), age: await text('.age'),
    messages: await page.locator('holdfast-tile .messages li').allTextContents(),
    circles: await Promise.all((await page.locator('holdfast-tile .circles li').all()).map(async (item) => await item.getAttribute('data-color'))),
  }
}

const ended = { kind: 'backup', startedAt: '2026-11-21T03:00:00.000Z', finishedAt: '2026-11-21T03:04:00.000Z', outcome: 'ok', notes: [] } as const
const fileName = 'backup-Jeedom-4.4.1-2026-11-21-03h00.tar.gz'
const input: JeedomStatusInput = {
  status: { version: 1, app: 'jeedom', state: 'ok', sentence: '', reasons: [], vaults: [], judgedAt: '2026-11-21T10:00:00.000Z' },
  newest: { fileName, sizeBytes: 120 * 1024 ** 2, startedAt: '2026-11-21T03:00:00.000Z' },
  runs: [ended],
  destinations: [{ name: 'disk', reach: 'local', state: 'ok' }, { name: 'nas', reach: 'network', state: 'ok' }],
}

function value(more: Partial<JeedomStatus> = {}, changed: Partial<JeedomStatusInput> = {}): JeedomStatus {
  return { ...jeedomStatus({ ...input, ...changed }), ...more }
}

test('the value of nine keys is drawn as the tile, in Jeedom\'s language and theme', async () => {
  const page = await place(JSON.stringify(value()))
  assert.deepEqual(await shown(page), { headline: 'Sauvegarde terminée', detail: fileName, meta: `${value().lastSave} · 126 Mo`.replaceAll(' Mo', '\u202fMo'), age: '', messages: [], circles: ['green', 'green', 'grey'] })
  assert.equal(await page.locator('holdfast-tile .name').textContent(), 'Jeedom')
  await page.evaluate(axe.source)
  assert.deepEqual(await page.evaluate('axe.run(document).then(({ violations }) => violations.map(({ id }) => id))'), [])
  assert.equal(await page.locator('holdfast-tile .tile.dark').count(), 0)
  await page.context().close()
  const dark = await place(JSON.stringify(value()), { theme: 'core2019_Dark', form: 'mobile', parameters: { lang: 'it' } })
  assert.equal(await dark.locator('holdfast-tile .tile.dark.mobile').count(), 1)
  assert.equal((await shown(dark))['headline'], 'Backup completato')
  await dark.context().close()
})

test('it is told from files of others, as `holdfast drop-in` asks', () => {
  for (const html of Object.values(stand.jeedom)) assert.match(html, /# Holdfast in the place of /)
})

test('its parameters are those of the tile, by both names', async () => {
  for (const parameters of [{ couleurBackground: '#123456', borderRadiusIcones: '4', styleLoader: '3' }, { 'background-color': '#123456', 'icon-radius': '4px', 'loader-style': '3' }]) {
    const page = await place(JSON.stringify(value({ action: 'startBackup', date: local(Date.now()).slice(0, 10), heure: local(Date.now()).slice(11) })), { parameters })
    assert.equal(await page.locator('holdfast-tile .tile').getAttribute('style'), '--bg: #123456; --round: 4px;')
    assert.equal(await page.locator('holdfast-tile .loader').getAttribute('data-style'), '3')
    await page.context().close()
  }
})

const tags: readonly (readonly [name: string, value: unknown, expected: Record<string, unknown>])[] = [
  ['missing', value({}, { status: { ...input.status, reasons: [{ code: 'missing', severity: 'failed', message: '' }] } }), { headline: 'Backup done', messages: ['A backup is missing'], circles: ['red', 'green', 'grey'] }],
  ['log errors', value({ errorLogBackup: 1 }), { headline: 'Backup ended with errors', messages: ['The log tells errors'], circles: ['orange', 'green', 'grey'] }],
  ['too small', value({}, { minSizeBytes: 1, status: { ...input.status, reasons: [{ code: 'too-small', severity: 'failed', message: '' }] } }), { headline: 'Backup done', messages: ['The backup is too small'], circles: ['orange', 'green', 'grey'] }],
  ['the network', value({}, { destinations: [{ name: 'disk', reach: 'local', state: 'ok' }, { name: 'nas', reach: 'network', state: 'failed' }, { name: 'drive', reach: 'cloud', state: 'ok' }] }), { headline: 'Backup done', messages: ['A backup is missing'], circles: ['green', 'red', 'green'] }],
  ['no action', value({ action: '' }), { headline: 'No backup action yet', messages: [], circles: ['green', 'green', 'grey'] }],
  ['a scenario in error', value({ errorScenario: 1 }), { headline: 'Backup done', messages: ['Something needs attention'], circles: ['orange', 'green', 'grey'] }],
  ['numbers as texts', JSON.parse(JSON.stringify(value()).replaceAll(/:(-?[01])(?=[,}])/g, ':"$1"')), { headline: 'Backup done', messages: [], circles: ['green', 'green', 'grey'] }],
  ['no JSON', 'bonjour', { headline: 'State unknown', messages: ['Invalid answer'], circles: ['grey', 'grey', 'grey'] }],
  ['without market', JSON.stringify({ ...value(), backup: { local: value().backup.local, samba: { error: 0 } } }), { headline: 'State unknown', messages: ['Incomplete answer'], circles: ['grey', 'grey', 'grey'] }],
  ['without a key', JSON.stringify({ ...value(), errorLogBackup: undefined }), { headline: 'State unknown', messages: ['Incomplete answer'], circles: ['grey', 'grey', 'grey'] }],
  ['a tag that is none', JSON.stringify({ ...value(), errorLogBackup: 7 }), { headline: 'State unknown', messages: ['Invalid answer'], circles: ['grey', 'grey', 'grey'] }],
  ['nothing at all', '', { headline: 'State unknown', messages: ['The server does not answer'], circles: ['grey', 'grey', 'grey'] }],
  ['quotes escaped for HTML', JSON.stringify(value()).replaceAll('"', '&quot;'), { headline: 'Backup done', messages: [], circles: ['green', 'green', 'grey'] }],
]

/** Tells a new value as Jeedom does when the command's value changes. */
async function tell(page: Page, told: string): Promise<void> {
  await page.evaluate((payload) => {
    const { jeedom } = globalThis as unknown as { jeedom: { cmd: { update: Record<string, (told: unknown) => void> } } }
    jeedom.cmd.update['12']?.({ display_value: payload, collectDate: new Date().toISOString().slice(0, 19).replace('T', ' ') })
  }, told)
}

test('every tag has its words and colours, and of an earlier value nothing stays', async () => {
  const page = await place('', { language: 'en_US' })
  for (const [name, told, expected] of tags) {
    await tell(page, typeof told === 'string' ? told : JSON.stringify(told))
    const { headline, messages, circles } = await shown(page)
    assert.deepEqual({ headline, messages, circles }, expected, name)
  }
  await page.context().close()
})

test('Jeedoms before 4.4, which know no list of functions, tell their values too', async () => {
  const page = await place(JSON.stringify(value()), { api: 'old', language: 'en_US' })
  await tell(page, JSON.stringify(value({ errorLogBackup: 1 })))
  assert.equal((await shown(page))['headline'], 'Backup ended with errors')
  await page.context().close()
})

test('[Jeedom] a backup that told its begin and never an end is not running for ever', async () => {
  const running = (agoMs: number): string => {
    const [date = '', heure = ''] = local(Date.now() - agoMs).split(' ')
    return JSON.stringify(value({ action: 'startBackup', date, heure }))
  }
  const page = await place(running(20 * minuteMs), { language: 'en_US' })
  assert.deepEqual(await shown(page), { headline: 'Backup in progress …', detail: `Last: ${value().lastSave}`, meta: '', age: '', messages: [], circles: ['green', 'green', 'grey'] })
  await page.context().close()
  const lost = await place(running(25 * 60 * minuteMs), { language: 'en_US' })
  const { headline, messages, circles } = await shown(lost)
  assert.deepEqual([headline, messages, circles], ['Backup ended with errors', ['No end was told'], ['orange', 'green', 'grey']])
  await lost.context().close()
})

test('a value that nobody has told again for more than a day tells nothing of the present, and its age is shown', async () => {
  const page = await place(JSON.stringify(value()), { collectedAt: Date.now() - 27 * 60 * minuteMs, language: 'en_US' })
  assert.deepEqual(await shown(page), { headline: 'State unknown', detail: '', meta: '', age: 'Last answer: 1 day ago', messages: [], circles: ['grey', 'grey', 'grey'] })
  await page.context().close()
  const weekly = await place(JSON.stringify(value()), { collectedAt: Date.now() - 27 * 60 * minuteMs, language: 'en_US', parameters: { 'stale-minutes': '12000' } })
  const { headline, age } = await shown(weekly)
  assert.deepEqual([headline, age], ['Backup done', 'Last answer: 1 day ago'])
  await weekly.context().close()
})

test('a hostile name of an archive stays text in a Jeedom that fills it in unescaped', async () => {
  const hostile = '</script><script>document.title=1</script>\\\'+(document.title=2)+\'"\\.tar.gz'
  const page = await place(JSON.stringify(jeedomStatus({ ...input, newest: { fileName: hostile, sizeBytes: 120 * 1024 ** 2, startedAt: ended.startedAt } })), { language: 'en_US' })
  assert.match(String((await shown(page))['detail']), /document\.title=1.*tar\.gz/)
  assert.equal(await page.title(), 'Jeedom')
  await page.context().close()
})
