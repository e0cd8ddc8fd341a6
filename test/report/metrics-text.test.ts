import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricsText } from '../../src/report/metrics-text.ts'
import { sampleStatus } from '../policy/sample-status.ts'
import { parseMetrics } from './parse-metrics.ts'
import { sampleCard, sampleOverview } from './sample-overview.ts'

type Labels = Readonly<Record<string, string>>

async function metrics(...given: Parameters<typeof sampleOverview>): Promise<(name: string, labels?: Labels) => number | undefined> {
  const families = parseMetrics(await metricsText(sampleOverview(...given)))
  return (name, labels = {}) => families.get(`holdfast_${name}`)?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value
}

test('what is known of an application stands in its samples', async () => {
  const value = await metrics([sampleCard('erp')], { reporting: [{ name: 'mqtt', state: 'failed', text: '' }, { name: 'notify.me', state: 'ok', text: '' }] })
  const app = { app: 'erp' }
  const at = (instant: string): number => Date.parse(instant) / 1000
  assert.deepEqual([value('applications'), value('applications_protected'), value('judged_timestamp_seconds')], [1, 1, at('2026-11-21T10:00:00Z')])
  assert.deepEqual([value('app_state', { ...app, state: 'ok' }), value('app_state', { ...app, state: 'failed' })], [1, 0])
  assert.equal(value('app_last_success_timestamp_seconds', app), at('2026-11-20T03:00:00Z'))
  assert.equal(value('app_last_success_age_seconds', app), 31 * 3600)
  assert.deepEqual([value('app_last_size_bytes', app), value('app_last_content_bytes', app), value('app_restore_points', app)], [1000, 4000, 3])
  assert.equal(value('app_last_verified_timestamp_seconds', app), at('2026-11-20T03:05:00Z'))
  assert.equal(value('app_verified_point_timestamp_seconds', app), at('2026-11-20T03:00:00Z'))
  assert.equal(value('app_next_run_timestamp_seconds', app), at('2026-11-21T03:00:00Z'))
  assert.equal(value('app_last_run_duration_seconds', { ...app, kind: 'backup' }), 90.5)
  assert.deepEqual([value('app_last_run_outcome', { ...app, outcome: 'ok' }), value('app_last_run_outcome', { ...app, outcome: 'failed' })], [1, 0])
  assert.deepEqual([value('destination_state', { ...app, destination: 'nas', reach: 'local', state: 'ok' }), value('destination_free_bytes', { ...app, destination: 'nas' })], [1, 5_000_000])
  assert.deepEqual([value('reporting_failed', { name: 'mqtt' }), value('reporting_failed', { name: 'notify.me' })], [1, 0])
})

test('a failure shows during a run too, and what is unknown has no sample', async () => {
  const { newest: _newest, schedule: _schedule, verifiedPointAt: _verified, ...bare } = sampleCard('erp')
  const value = await metrics([{ ...bare, destinations: [], status: sampleStatus('erp', ['run-failed', 'unverified:warning'], { state: 'running' }) }])
  assert.deepEqual([value('app_state', { state: 'running' }), value('app_reasons', { severity: 'failed' }), value('app_reasons', { severity: 'warning' })], [1, 1, 1])
  for (const name of ['app_last_success_timestamp_seconds', 'app_last_size_bytes', 'app_next_run_timestamp_seconds', 'app_last_run_outcome', 'destination_state', 'reporting_failed']) assert.equal(value(name), undefined, name)
})

test('hostile names stay within their label, and each keeps its own', async () => {
  const names = ['a"b', 'a\\', 'a\\"} 1', 'a\nholdfast_app_state{app="fake"} 1', 'a\r', '{}', ',', 'a\u202eb', 'a\udc80', '<script>', '', '__proto__', 'è']
  const families = parseMetrics(await metricsText(sampleOverview(names.map((name) => sampleCard(name, { destinations: names.map((destination) => ({ name: destination, reach: 'local' as const, state: 'ok' as const, text: '', place: '', inside: false })) })))))
  assert.equal(families.get('holdfast_app_restore_points')?.samples.length, names.length)
  assert.equal(families.get('holdfast_destination_state')?.samples.length, names.length ** 2 * 4)
  const shown = families.get('holdfast_app_restore_points')?.samples.map(({ labels }) => labels['app'])
  for (const name of ['a"b', 'a\\', 'a\\"} 1', '{}', '<script>', 'è']) assert.ok(shown?.includes(name), name)
  assert.doesNotMatch(shown?.join('') ?? '', /[\p{Cc}\u202e]/u)
})

test('no application at all is metrics too', async () => {
  assert.equal((await metrics([]))('applications'), 0)
})
