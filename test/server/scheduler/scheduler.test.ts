import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daily, World } from './world.ts'

test('a backup begins when it is due, once a day, and is met by what lies there', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  assert.deepEqual(await world.stands('demo'), ['11-20T03:00 waiting'], 'written down before its time')
  await world.pass(72)
  assert.deepEqual(world.starts, ['demo 11-20T03:00', 'demo 11-21T03:00', 'demo 11-22T03:00'])
  assert.deepEqual(world.settled, ['demo 11-20T03:00 met', 'demo 11-21T03:00 met', 'demo 11-22T03:00 met'])
  assert.deepEqual((await world.stands('demo')).at(-1), '11-23T03:00 waiting')
  assert.deepEqual(world.problems, [])
})

test('the next 24 hours are written down, or the next one', async (t) => {
  await using world = await World.at('2026-11-20T01:30Z', t)
  await world.turnOn([daily('often', { schedule: { cron: 'hourly', timezone: 'UTC' } }), daily('seldom', { schedule: { cron: 'monthly', timezone: 'UTC' } })])
  assert.equal((await world.stands('often')).length, 24)
  assert.deepEqual(await world.stands('seldom'), ['12-01T03:00 waiting'])
  await world.pass(5)
  assert.equal((await world.stands('often')).filter((row) => row.endsWith('waiting')).length >= 23, true)
})

test('with jitter it begins at its own moment, which is also the one that is announced', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo', { schedule: { cron: 'daily', timezone: 'UTC', jitter: '2h' } })])
  const next = world.scheduler.nextOf('demo')?.toISOString() ?? ''
  await world.pass(24)
  assert.deepEqual(world.starts, [`demo ${next.slice(5, 16)}`])
  assert.notEqual(next.slice(5, 16), '11-20T03:00')
  assert.deepEqual(world.settled, ['demo 11-20T03:00 met'], 'not late by its jitter')
})

test('what comes next is told, and nothing for an application without a schedule', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  const { schedule: _, ...unscheduled } = daily('by hand')
  await world.turnOn([daily('demo'), unscheduled])
  assert.equal(world.scheduler.nextOf('demo')?.toISOString(), '2026-11-20T03:00:00.000Z')
  assert.equal(world.scheduler.nextOf('by hand'), undefined)
  assert.equal(world.scheduler.nextOf('nobody'), undefined)
  await world.pass(3)
  assert.equal(world.scheduler.nextOf('demo')?.toISOString(), '2026-11-21T03:00:00.000Z')
})

test('after a downtime of days one backup makes up for all, and the others are told as missed', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  await world.pass(4)
  await world.turnOff()
  await world.pass(80)
  await world.turnOn()
  await world.pass(0.5)
  assert.deepEqual(world.starts, ['demo 11-20T03:00', 'demo 11-23T13:00 catch-up'])
  assert.deepEqual(world.settled.slice(1), ['demo 11-21T03:00 missed', 'demo 11-22T03:00 missed', 'demo 11-23T03:00 late'])
  await world.pass(20)
  assert.equal(world.starts.at(-1), 'demo 11-24T03:00', 'and the next one comes at its time')
})

test('where catching up is turned off nothing begins before the next time', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo', { catchUp: false })])
  await world.turnOff()
  await world.pass(40)
  await world.turnOn()
  await world.pass(9)
  assert.deepEqual(world.settled, ['demo 11-20T03:00 missed', 'demo 11-21T03:00 missed'])
  assert.deepEqual(world.starts, [])
  await world.pass(2)
  assert.deepEqual(world.starts, ['demo 11-22T03:00'])
})

test('what others did during the downtime counts: nothing is made twice', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  await world.turnOff()
  await world.pass(2.1)
  await world.backUpByHand('demo')
  await world.pass(5)
  await world.turnOn()
  await world.pass(1)
  assert.deepEqual([world.starts, world.settled], [[], ['demo 11-20T03:00 met']])
})

test('a restart within minutes of the time begins it as if nothing had been', async (t) => {
  await using world = await World.at('2026-11-20T02:58Z', t)
  await world.turnOn([daily('demo', { catchUp: false })])
  await world.turnOff()
  await world.pass(0.1)
  await world.turnOn()
  assert.deepEqual(world.starts, ['demo 11-20T03:04'])
})

test('an application that is busy is asked again until it is free', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  world.busy.add('demo')
  await world.turnOn([daily('demo', { catchUp: false })])
  await world.pass(3)
  assert.deepEqual(world.starts, [])
  world.busy.delete('demo')
  await world.pass(1)
  assert.deepEqual(world.starts, ['demo 11-20T05:01'])
  assert.deepEqual(world.settled, ['demo 11-20T03:00 late'])
})

test('every minute is one backup a minute', async (t) => {
  await using world = await World.at('2026-11-20T02:00:30Z', t)
  world.behaviour.set('demo', { takesMs: 2000 })
  await world.turnOn([daily('demo', { schedule: { cron: '* * * * *', timezone: 'UTC', jitter: '20s' } })])
  await world.pass(0.1)
  assert.deepEqual(world.starts, ['demo 11-20T02:01', 'demo 11-20T02:02', 'demo 11-20T02:03', 'demo 11-20T02:04', 'demo 11-20T02:05', 'demo 11-20T02:06'])
  assert.equal(world.settled.filter((line) => line.endsWith('met')).length, 6)
})

test('after hours of waiting it is told as skipped', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  world.busy.add('demo')
  await world.turnOn([daily('demo')])
  await world.pass(6.5)
  assert.deepEqual(world.settled, [])
  await world.pass(1)
  assert.deepEqual(world.settled, ['demo 11-20T03:00 skipped'])
})

test('a run that is longer than the interval skips those that it overlaps, and never overlaps itself', async (t) => {
  await using world = await World.at('2026-11-20T02:30Z', t)
  world.behaviour.set('demo', { takesMs: 2.5 * 3_600_000 })
  await world.turnOn([daily('demo', { schedule: { cron: 'hourly', timezone: 'UTC' } })])
  await world.pass(6)
  assert.deepEqual(world.starts, ['demo 11-20T03:00', 'demo 11-20T05:30', 'demo 11-20T08:00'])
  assert.ok(world.settled.includes('demo 11-20T04:00 skipped'), world.settled.join('; '))
})

test('a server that is killed after it has claimed a run, and before this began, begins it again', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  await world.turnOn([daily('demo')])
  await world.turnOff()
  await world.catalog.expected.claim({ app: 'demo', origin: 'schedule', dueAt: '2026-11-20T03:00:00.000Z' })
  await world.pass(1.1)
  await world.turnOn()
  await world.pass(1)
  assert.deepEqual(world.starts, ['demo 11-20T03:06'])
  assert.deepEqual(world.settled, ['demo 11-20T03:00 met'])
})

test('a server that is killed while a run goes on begins no second one', async (t) => {
  await using world = await World.at('2026-11-20T02:59Z', t)
  world.behaviour.set('demo', { takesMs: 3_600_000 })
  await world.turnOn([daily('demo')])
  await world.pass(0.1)
  await world.turnOff()
  await world.turnOn()
  await world.pass(3)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
  assert.deepEqual(world.settled, ['demo 11-20T03:00 met'])
})

test('what waits for its turn in the queue is not begun again', async (t) => {
  await using world = await World.at('2026-11-20T02:59Z', t)
  world.behaviour.set('demo', { takesMs: 5 * 3_600_000 })
  world.silent.add('demo')
  await world.turnOn([daily('demo')])
  await world.pass(6)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
})

test('a failed run is told as failed, and a later backup by hand makes it late', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  world.behaviour.set('demo', { outcome: 'failed' })
  await world.turnOn([daily('demo')])
  await world.pass(2)
  assert.deepEqual(world.settled, ['demo 11-20T03:00 failed'])
  assert.deepEqual(world.starts.length, 1, 'it is not begun again by itself')
  await world.pass(4)
  await world.backUpByHand('demo')
  assert.deepEqual(world.settled.at(-1), 'demo 11-20T03:00 late')
})

test('a run that says it went well is failed where its point does not lie there', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  world.behaviour.set('demo', { leavesPoint: false })
  await world.turnOn([daily('demo')])
  await world.pass(2)
  assert.deepEqual(world.settled, ['demo 11-20T03:00 failed'])
})

test('a point that is missing in one of two vaults meets nothing', async (t) => {
  await using world = await World.at('2026-11-20T02:00Z', t)
  await world.turnOn([daily('demo', { vaults: ['nas', 'usb'] })])
  await world.pass(2)
  assert.deepEqual(world.settled, ['demo 11-20T03:00 failed'])
})

test('a backup that cannot be begun is told, tried again, and stops no other', async (t) => {
  await using world = await World.at('2026-11-20T02:58Z', t)
  world.broken.add('bad')
  await world.turnOn([daily('bad'), daily('demo')])
  await world.pass(0.1)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
  assert.match(world.problems[0] ?? '', /bad cannot be begun/)
  world.broken.delete('bad')
  await world.pass(0.1)
  assert.deepEqual(world.starts.length, 2)
  assert.ok(world.settled.includes('bad 11-20T03:00 met'))
})

test('one that cannot be begun for hours has failed', async (t) => {
  await using world = await World.at('2026-11-20T02:58Z', t)
  world.broken.add('bad')
  await world.turnOn([daily('bad')])
  await world.pass(7)
  assert.deepEqual(world.settled, ['bad 11-20T03:00 failed'])
})

test('a changed schedule counts from now on, one that is gone is expected no more', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo'), daily('old')])
  await world.setApps([daily('demo', { schedule: { cron: '0 5 * * *', timezone: 'UTC' } })])
  assert.deepEqual(await world.stands('old'), [])
  assert.equal(world.scheduler.nextOf('demo')?.toISOString(), '2026-11-20T05:00:00.000Z')
  await world.pass(10)
  assert.deepEqual(world.starts, ['demo 11-20T05:00'])
  await world.setApps([daily('demo', { schedule: { cron: '0 5 * * *', timezone: 'UTC' } }), daily('old')])
  assert.deepEqual((await world.stands('old')), ['11-21T03:00 waiting'], 'nothing was expected of it before')
})

test('a reload that changes nothing drops nothing', async (t) => {
  await using world = await World.at('2026-11-20T02:59Z', t)
  await world.turnOn([daily('demo')])
  await world.pass(0.02)
  await world.setApps([daily('demo', { catchUp: true })])
  await world.pass(1)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
})

test('a schedule that cannot be read is told and stops no other', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('bad', { schedule: 'sometimes' }), daily('demo')])
  await world.pass(3)
  assert.match(world.problems.join(), /sometimes/)
  assert.deepEqual(world.starts, ['demo 11-20T03:00'])
})

test('what the first use of a day begins is judged like the others', async (t) => {
  await using world = await World.at('2026-11-20T08:00Z', t)
  const { schedule: _, ...unscheduled } = daily('demo')
  await world.turnOn([unscheduled])
  await world.scheduler.noteTouch('demo')
  await world.pass(0.1)
  await world.backUpByHand('demo')
  assert.deepEqual(world.settled, ['demo 11-20T08:00 met'])
  await world.pass(24)
  await world.scheduler.noteTouch('demo')
  await world.pass(25)
  assert.deepEqual(world.settled.at(-1), 'demo 11-21T08:06 missed', 'of that nothing came')
})

test('two hundred applications at one time begin once each', async (t) => {
  await using world = await World.at('2026-11-20T02:50Z', t)
  const apps = Array.from({ length: 200 }, (_, index) => daily(`app-${index}`))
  await world.turnOn(apps)
  await world.pass(0.25)
  assert.equal(world.starts.length, 200)
  assert.equal(new Set(world.starts).size, 200)
  assert.equal(world.settled.filter((line) => line.endsWith('met')).length, 200)
})

test('a scheduler that was ended begins nothing and wakes nobody', async (t) => {
  await using world = await World.at('2026-11-20T01:00Z', t)
  await world.turnOn([daily('demo')])
  assert.equal(world.isArmed, true)
  await world.turnOff()
  assert.equal(world.isArmed, false)
})
