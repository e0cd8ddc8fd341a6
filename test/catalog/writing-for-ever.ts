// Writes a catalog without end, and prints each generation once it is written; somebody will kill it.
import { writeSync } from 'node:fs'
import { daily, openCatalog, report } from './sample-catalog.ts'

const [, , file = '', first = '0'] = process.argv
await using catalog = await openCatalog(file)
const points = daily('demo', 20, '2026-11-20T03:00:00.000Z')
for (let generation = Number(first); ; generation++) {
  // Ids change too, so that rows go and come.
  const now = points.map((point, index) => ({ ...point, id: ((generation % 7) * 100 + index).toString(16).padStart(16, '0'), entries: generation }))
  await catalog.points.replace('nas', new Map([['demo', now]]), new Date())
  await catalog.runs.put(['a', 'b', 'c'].map((run) => report('demo', '2026-11-20T03:00:00.000Z', { run, bytes: generation })))
  const dueAt = new Date(generation * 60_000).toISOString()
  await catalog.expected.plan('demo', { schedule: 'daily', plannedUntil: new Date(generation * 60_000) }, [{ app: 'demo', origin: 'schedule', dueAt, startAt: dueAt, state: 'waiting' }])
  writeSync(1, `${generation}\n`)
}
