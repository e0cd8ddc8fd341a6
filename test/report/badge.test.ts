import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WidgetState } from '../../src/model/api/widget.ts'
import { badgeSvg, textWidthPx } from '../../src/report/badge-svg.ts'
import { statusBadge } from '../../src/report/status-badge.ts'

const state: WidgetState = {
  version: 1, app: 'erp', action: 'done', lastAt: '2026-11-21T03:00:00.000Z', fileName: 'erp.zip', sizeBytes: 1, minSizeBytes: 1, circles: { local: 'green', network: 'grey', cloud: 'grey' },
  troubles: [], state: 'ok', judgedAt: '2026-11-21T10:00:00.000Z', answeredAt: '2026-11-21T10:00:00.000Z',
}

test('a badge tells the state with the age of the newest point, in three languages', () => {
  assert.deepEqual(statusBadge(state, { language: 'en' }), { label: 'erp', text: 'ok, 7 hr. ago', color: '#1a7f37' })
  assert.equal(statusBadge({ ...state, state: 'failed', answeredAt: '2026-11-24T10:00:00.000Z' }, { language: 'it' }).text, 'errore, 3 gg fa')
  assert.equal(statusBadge({ ...state, state: 'warning', answeredAt: '2026-11-21T03:05:00.000Z' }, { language: 'fr', label: 'Sauvegarde' }).text, 'attention, il y a 5\u00a0min')
  assert.equal(statusBadge({ ...state, state: 'running' }, { language: 'en' }).text, 'running')
  const { lastAt: _never, ...without } = state
  assert.equal(statusBadge({ ...without, state: 'never' }, { language: 'en' }).text, 'never')
})

test('white text can be read on every colour of a state', () => {
  for (const told of ['ok', 'warning', 'failed', 'never', 'running'] as const) {
    const { color } = statusBadge({ ...state, state: told }, { language: 'en' })
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    const contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    assert.ok(contrast >= 4.5, `${told}: ${contrast.toFixed(2)}`)
  }
})

test('its boxes are as wide as their texts', () => {
  const svg = badgeSvg({ label: 'erp', text: 'ok', color: '#1a7f37' })
  const lengths = [...svg.matchAll(/textLength="(\d+)"/g)].map(([, length]) => Number(length))
  assert.deepEqual(lengths, [Math.ceil(textWidthPx('erp')), Math.ceil(textWidthPx('ok'))])
  assert.match(svg, new RegExp(`^<svg [^>]*width="${lengths.reduce((sum, length) => sum + length, 0) + 24}"`))
  assert.ok(textWidthPx('WWWW') > 3 * textWidthPx('iiii'))
  assert.equal(textWidthPx('e\u0301'), textWidthPx('e'), 'a combining sign adds nothing')
  assert.ok(textWidthPx('日本') > textWidthPx('ab'))
})

test('hostile names stand as text: tags, quotes, entities, what XML forbids, bidirectional overrides, and very long ones', () => {
  const hostile = '</text><script>alert(1)</script>"\' onload="x &amp; \u0000\u001b[31m\ud800\uffff\u202egpj'
  const svg = badgeSvg({ label: hostile, text: hostile, color: '"/><script>' })
  assert.doesNotMatch(svg, /<script|[\p{Cc}\p{Cs}\ufffe\uffff\u202e]/u)
  assert.doesNotMatch(svg.replaceAll(/<[^<>"]*(?:"[^"<>]*"[^<>"]*)*>/g, ''), /[<>"]/, 'every tag and every quote is ours')
  assert.doesNotMatch(svg, /&(?!amp;|lt;|gt;|quot;)/)
  assert.match(badgeSvg({ label: '', text: '<>&"', color: '#000' }), />&lt;&gt;&amp;&quot;</)
  assert.ok(badgeSvg({ label: 'x'.repeat(100_000), text: 'ok', color: '#000' }).length < 2000)
})
