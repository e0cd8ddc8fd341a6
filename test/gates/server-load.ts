import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Gate } from '../../scripts/gate.ts'
import { overviewSchema } from '../../src/model/api/overview.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { signIn } from '../browser/signed-in.ts'
import { openBrowser } from '../fixtures/browser.ts'
import { demoMachine, RunningServer } from '../server/e2e/running-server.ts'

/** Many applications with many restore points, and many who listen: what it takes, as figures; and that all of it is told. */
export const gate: Gate = {
  name: 'server-load',
  async run({ full }) {
    const [apps, pointsEach, listeners, asks] = full ? [200, 250, 100, 200] : [20, 25, 20, 20]
    const names = Array.from({ length: apps }, (_, number) => `app-${number}`)
    const machine = await demoMachine((m) => ({
      apps: Object.fromEntries(names.map((name) => [name, { root: m.app, schedule: 'daily', vaults: [name] }])),
      vaults: Object.fromEntries(names.map((name) => [name, { type: 'archive', place: join(m.place, name) }])),
    }))
    for (const name of names) makePoints(join(machine.place, name), name, machine.app, pointsEach)
    const startMs = performance.now()
    await using server = await RunningServer.start(machine)
    const readyMs = performance.now() - startMs
    await server.until('all is looked at', async () => {
      const { apps: cards } = overviewSchema.parse((await server.ask('GET', '/api/apps')).json)
      return cards.length === apps && cards.every(({ points }) => points === pointsEach)
    }, 300_000)
    const lookedMs = performance.now() - startMs
    let heard = 0
    const streams = Array.from({ length: listeners }, async () => {
      for await (const { name } of server.events('/api/events')) {
        if (name !== 'overview') continue
        heard += 1
        return
      }
    })
    const [quiet, asked] = [rssOf(server.pid), await timed(asks, async () => await readAll(server, '/api/apps'))]
    const paged = await timed(asks, async () => await server.ask('GET', `/api/apps/app-${Math.floor(Math.random() * apps)}/points?limit=100`))
    const usable = await timesUntilUsable(server, `app-${apps - 1}`, full ? 9 : 2)
    // The first one starts a backup, the others hear that today's is on its way.
    const touched = await timed(full ? 100 : 10, async () => await server.ask('POST', '/api/apps/app-0/touch'))
    await Promise.race([Promise.all(streams), sleep(20_000)])
    return {
      ok: heard === listeners,
      figures: {
        'applications': apps, 'restore points': apps * pointsEach, 'listeners that heard': heard, 'ready after the start (s)': seconds(readyMs), 'all looked at (s)': seconds(lookedMs),
        'overview, median (ms)': Math.round(quantile(asked, 0.5)), 'overview, p95 (ms)': Math.round(quantile(asked, 0.95)), 'page of 100 points, p95 (ms)': Math.round(quantile(paged, 0.95)),
        'touch answered, longest (ms)': Math.round(quantile(touched, 1)), 'dashboard usable, median (ms)': Math.round(quantile(usable, 0.5)), 'dashboard usable, longest (ms)': Math.round(quantile(usable, 1)),
        'memory after the first look (MB)': quiet, 'memory under load (MB)': rssOf(server.pid), ...(full ? { 'memory with one application, idle (MB)': await idleMemory() } : {}),
      },
    }
  },
}

/** From the address to the last application found by its name, in a browser that has seen the page before. */
async function timesUntilUsable(server: RunningServer, app: string, times: number): Promise<readonly number[]> {
  const browser = await openBrowser()
  try {
    const context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await signIn(page, server.url)
    return await timed(times, async () => {
      await page.goto(server.url, { waitUntil: 'commit' })
      await page.getByLabel('Find an application').fill(app)
      await page.getByRole('button', { name: `Create backup: ${app}` }).waitFor()
      if (await page.getByRole('button', { name: /^Create backup: / }).count() !== 1) throw new Error('the search leaves more than one application')
    })
  } finally {
    await browser.close()
  }
}

async function idleMemory(): Promise<number> {
  const machine = await demoMachine()
  writeFileSync(join(machine.app, 'a'), 'a')
  await using server = await RunningServer.start(machine, { accounts: false })
  await sleep(5000)
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid === server.pid || parentOf(pid) === server.pid).reduce((sum, pid) => sum + rssOf(pid), 0)
}

/** What lists need of a restore point: a file of that name and length, and its sidecar. */
function makePoints(folder: string, app: string, root: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  for (let number = 0; number < count; number++) {
    const startedAt = new Date(Date.now() - number * 3_600_000 - 60_000)
    const key = `${app}_${startedAt.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '_')}.tar.gz`
    const point: Snapshot = {
      id: `${Buffer.from(app).toString('hex').slice(-8).padStart(8, '0')}${number.toString(16).padStart(8, '0')}`, app, host: 'vm', root, scope: 'full', slot: 'dated', startedAt: startedAt.toISOString(), finishedAt: startedAt.toISOString(), complete: true,
      format: 'tar.gz', key, encrypted: false, sizeBytes: 4, contentBytes: 1000, entries: 10, databases: 0, warnings: 0, verifiedAt: startedAt.toISOString(), sha256: 'a'.repeat(64),
    }
    writeFileSync(join(folder, key), 'data')
    writeFileSync(join(folder, `${key}.json`), JSON.stringify(point))
  }
}

/** To the last byte, and without what a reader makes of it. */
async function readAll(server: RunningServer, path: string): Promise<void> {
  for await (const part of await server.open('GET', path)) if (!(part instanceof Uint8Array)) throw new Error('no bytes')
}

async function timed(count: number, act: () => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = []
  for (let round = 0; round < count; round++) {
    const startMs = performance.now()
    await act()
    took.push(performance.now() - startMs)
  }
  return took.toSorted((a, b) => a - b)
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}

function rssOf(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}
