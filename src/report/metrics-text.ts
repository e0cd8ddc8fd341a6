import type { Gauge as PromGauge } from 'prom-client'
import { printable } from '../kit/printable.ts'
import type { AppCard, Overview } from '../model/api/overview.ts'

/** What `/metrics` answers with. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

const states = ['ok', 'warning', 'failed', 'never', 'running'] as const
const outcomes = ['ok', 'partial', 'failed', 'interrupted'] as const
const destinationStates = ['ok', 'warning', 'failed', 'off'] as const
const severities = ['failed', 'warning'] as const

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }
type Family = readonly [name: string, help: string, samples: (overview: Overview) => readonly Sample[]]

/**
 * How all stand, in Prometheus' text format (version 0.0.4). What is unknown has no sample; nothing is told of the process itself.
 */
export async function metricsText(overview: Overview): Promise<string> {
  // A bundle gives of what is CommonJS only the whole.
  const { default: { Gauge, Registry } } = await import('prom-client')
  const registry = new Registry()
  for (const [name, help, samplesOf] of families) {
    const samples = samplesOf(overview)
    const [first] = samples
    if (first === undefined) continue
    const gauge: PromGauge = new Gauge({ name: `holdfast_${name}`, help, labelNames: Object.keys(first.labels), registers: [registry] })
    for (const { labels, value } of samples) gauge.set(Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, printable(text)])), value)
  }
  return await registry.metrics()
}

const families: readonly Family[] = [
  ['applications', 'Applications that are configured.', ({ total }) => [{ labels: {}, value: total }]],
  ['applications_protected', 'Applications that are protected.', (all) => [{ labels: {}, value: all.protected }]],
  ['judged_timestamp_seconds', 'When all this was judged.', ({ judgedAt }) => [{ labels: {}, value: seconds(judgedAt) }]],
  ['app_state', 'The state that an application is in has 1, the others 0.', ofApps(({ status }) => oneOf(states, status.state, 'state'))],
  ['app_reasons', 'Reasons against an application, by severity; they hold while a run is going on too.', ofApps(({ status }) => severities.map((severity) => (
    { labels: { severity }, value: status.reasons.filter((reason) => reason.severity === severity).length }
  )))],
  ['app_last_success_timestamp_seconds', 'When the newest sound restore point was made.', ofApps(({ newest }) => maybe(newest?.startedAt))],
  ['app_last_success_age_seconds', 'How old the newest sound restore point was when this was judged.', (all) => withApps(all, ({ newest }) => (
    newest === undefined ? [] : [{ labels: {}, value: Math.max(0, seconds(all.judgedAt) - seconds(newest.startedAt)) }]
  ))],
  ['app_last_size_bytes', 'The size of the newest sound restore point.', ofApps(({ newest }) => newest === undefined ? [] : [{ labels: {}, value: newest.sizeBytes }])],
  ['app_last_content_bytes', 'What the newest sound restore point holds, before compression.', ofApps(({ newest }) => newest === undefined ? [] : [{ labels: {}, value: newest.contentBytes }])],
  ['app_restore_points', 'Restore points, over all vaults.', ofApps(({ points }) => [{ labels: {}, value: points }])],
  ['app_verified_point_timestamp_seconds', 'When the newest restore point that was verified was made.', ofApps(({ verifiedPointAt }) => maybe(verifiedPointAt))],
  ['app_last_verified_timestamp_seconds', 'When the newest sound restore point was verified.', ofApps(({ newest }) => maybe(newest?.verifiedAt))],
  ['app_next_run_timestamp_seconds', 'When the next backup is due.', ofApps(({ schedule }) => maybe(schedule?.next))],
  ['app_last_run_timestamp_seconds', 'When the last run began.', ofApps(({ status: { lastRun } }) => lastRun === undefined ? [] : [{ labels: { kind: lastRun.kind }, value: seconds(lastRun.startedAt) }])],
  ['app_last_run_duration_seconds', 'How long the last run took.', ofApps(({ status: { lastRun } }) => lastRun?.finishedAt === undefined ? [] : [
    { labels: { kind: lastRun.kind }, value: Math.max(0, seconds(lastRun.finishedAt) - seconds(lastRun.startedAt)) },
  ])],
  ['app_last_run_outcome', 'The outcome of the last run has 1, the others 0.', ofApps(({ status: { lastRun } }) => lastRun?.outcome === undefined ? [] : (
    oneOf(outcomes, lastRun.outcome, 'outcome').map(({ labels, value }) => ({ labels: { kind: lastRun.kind, ...labels }, value }))
  ))],
  ['destination_state', 'The state that a destination is in has 1, the others 0.', ofApps(({ destinations }) => destinations.flatMap(({ name, reach, state }) => (
    oneOf(destinationStates, state, 'state').map(({ labels, value }) => ({ labels: { destination: name, reach, ...labels }, value }))
  )))],
  ['destination_free_bytes', 'Space that is free at a destination.', ofApps(({ destinations }) => destinations.flatMap(({ name, freeBytes }) => (
    freeBytes === undefined ? [] : [{ labels: { destination: name }, value: freeBytes }]
  )))],
  ['reporting_failed', '1 for a notifier or exporter that does not work.', ({ reporting }) => reporting.map(({ name, state }) => ({ labels: { name }, value: Number(state === 'failed') }))],
]

function ofApps(samplesOf: (card: AppCard) => readonly Sample[]): Family[2] {
  return (overview) => withApps(overview, samplesOf)
}

function withApps({ apps }: Overview, samplesOf: (card: AppCard) => readonly Sample[]): readonly Sample[] {
  return apps.flatMap((card) => samplesOf(card).map(({ labels, value }) => ({ labels: { app: card.name, ...labels }, value })))
}

function oneOf(all: readonly string[], present: string, label: string): readonly Sample[] {
  return all.map((each) => ({ labels: { [label]: each }, value: Number(each === present) }))
}

function maybe(instant: string | undefined): readonly Sample[] {
  return instant === undefined ? [] : [{ labels: {}, value: seconds(instant) }]
}

function seconds(instant: string): number {
  return Date.parse(instant) / 1000
}
