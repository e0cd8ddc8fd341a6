import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daily, World } from './world.ts'

const inZone = (timezone: string, cron: string): ReturnType<typeof daily> => daily('demo', { schedule: { cron, timezone } })

const changes: readonly (readonly [timezone: string, cron: string, from: string, wanted: readonly string[]])[] = [
  ['Europe/Rome', '30 2 * * *', '2026-03-27T12:00Z', ['03-28T01:30', '03-29T01:30', '03-30T00:30']],
  ['Europe/Rome', '30 2 * * *', '2026-10-23T12:00Z', ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
  ['America/New_York', '30 2 * * *', '2026-03-06T12:00Z', ['03-07T07:30', '03-08T07:30', '03-09T06:30']],
  ['America/New_York', '30 1 * * *', '2026-10-30T12:00Z', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-01T20:00Z', ['10-02T15:45', '10-03T15:45', '10-04T15:15']],
  ['Australia/Lord_Howe', '45 1 * * *', '2026-04-02T20:00Z', ['04-03T14:45', '04-04T14:45', '04-05T15:15']],
]
for (const [timezone, cron, from, wanted] of changes) {
  test(`${cron} in ${timezone} begins once on each day from ${from.slice(0, 10)} on, restarts included`, async (t) => {
    await using world = await World.at(from, t)
    await world.turnOn([inZone(timezone, cron)])
    for (let hour = 0; hour < 72; hour += 0.5) {
      await world.pass(0.5)
      if (hour % 6 === 0) {
        await world.turnOff()
        await world.turnOn()
      }
    }
    assert.deepEqual(world.starts.map((start) => start.slice(5, 16)), wanted)
    assert.deepEqual(world.settled.map((line) => line.split(' ')[2]), ['met', 'met', 'met'])
  })
}

test('a machine that slept over its time catches up soon after it wakes', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  world.jump(8)
  await world.pass(2.5 / 60)
  assert.deepEqual(world.starts, ['demo 11-20T09:02 catch-up'])
})

test('a clock that jumps days ahead begins one backup, and tells the days it passed over', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  world.jump(100)
  await world.pass(0.1)
  assert.deepEqual(world.starts, ['demo 11-24T05:02 catch-up'])
  assert.deepEqual(world.settled, ['demo 11-20T03:00 missed', 'demo 11-21T03:00 missed', 'demo 11-22T03:00 missed', 'demo 11-23T03:00 missed', 'demo 11-24T03:00 late'])
})

test('a clock that is corrected by minutes makes no second backup', async (t) => {
  await using world = await World.at('2026-11-20T02:59Z', t)
  await world.turnOn([daily('demo')])
  await world.pass(0.05)
  world.jump(-0.1)
  await world.pass(1)
  await world.turnOff()
  await world.turnOn()
  await world.pass(10)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
})

test('a clock that was hours ahead begins again what it had begun under the wrong time', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  await world.pass(4)
  world.jump(-4)
  await world.listAgain()
  await world.pass(3)
  assert.deepEqual(world.starts, ['demo 11-20T03:00', 'demo 11-20T03:00'])
})

test('points of days that a clock was ahead do not stand for the backups of those days', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  await world.pass(72)
  world.jump(-72)
  await world.listAgain()
  await world.turnOff()
  await world.turnOn()
  await world.pass(72)
  assert.deepEqual(world.starts, [...world.starts.slice(0, 3), ...world.starts.slice(0, 3)])
  assert.equal(world.starts.length, 6)
})

test('a clock that was years ahead and is set right does not stop the backups until then', async (t) => {
  await using world = await World.at('2031-05-05T01:00Z', t)
  await world.turnOn([daily('demo'), daily('seldom', { schedule: { cron: 'weekly', timezone: 'UTC' } })])
  await world.pass(4)
  assert.deepEqual(world.starts, ['demo 05-05T03:00'])
  world.jump((Date.parse('2026-11-20T01:00Z') - Date.parse('2031-05-05T05:00Z')) / 3_600_000)
  await world.pass(0.1)
  assert.equal(world.scheduler.nextOf('demo')?.toISOString(), '2026-11-20T03:00:00.000Z')
  assert.equal(world.scheduler.nextOf('seldom')?.toISOString(), '2026-11-22T03:00:00.000Z')
  await world.pass(72)
  assert.deepEqual(world.starts.slice(1), ['demo 11-20T03:00', 'demo 11-21T03:00', 'demo 11-22T03:00', 'seldom 11-22T03:00'])
})

test('the same, where the server was off while the clock was set right', async (t) => {
  await using world = await World.at('2031-05-05T01:00Z', t)
  await world.turnOn([daily('demo')])
  await world.turnOff()
  world.jump((Date.parse('2026-11-20T01:00Z') - Date.parse('2031-05-05T01:00Z')) / 3_600_000)
  await world.turnOn()
  await world.pass(24)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
})

test('a clock that starts in 1970 and is set right a minute later', async (t) => {
  await using world = await World.at('1970-01-01T00:00:10Z', t)
  await world.turnOn([daily('demo')])
  world.jump(Date.parse('2026-11-20T12:00Z') / 3_600_000)
  await world.pass(0.1)
  assert.deepEqual(world.starts, ['demo 11-20T12:02 catch-up'])
  assert.ok(world.settled.length <= 33, 'a month of missed ones at most')
  await world.pass(24)
  assert.deepEqual(world.starts.slice(1), ['demo 11-21T03:00'])
})
