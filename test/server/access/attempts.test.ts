import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBlock } from '../../../src/server/access/address-block.ts'
import { Attempts } from '../../../src/server/access/attempts.ts'
import { Clock } from './with-access.ts'

const rules = { free: 3, firstWaitMs: 1000, longestWaitMs: 8000, forgetMs: 60_000, size: 100 }

test('waits double up to the longest, and all is forgotten after a time', () => {
  const clock = new Clock()
  const attempts = new Attempts(rules, clock.now)
  const waits = Array.from({ length: 8 }, () => {
    attempts.take('anna')
    const wait = attempts.waitMs('anna')
    clock.ms += wait
    return wait
  })
  assert.deepEqual(waits, [0, 0, 1000, 2000, 4000, 8000, 8000, 8000])
  assert.equal(attempts.waitMs('anna'), 0)
  clock.ms += 60_000
  attempts.take('anna')
  assert.equal(attempts.waitMs('anna'), 0)
})

test('memory is bounded, and a name that is being guessed at is not pushed out by others', () => {
  const clock = new Clock()
  const attempts = new Attempts(rules, clock.now)
  for (let round = 0; round < 50; round += 1) {
    attempts.take('anna')
    for (let other = 0; other < 50; other += 1) attempts.take(`other ${round} ${other}`)
  }
  assert.equal(attempts.size, 100)
  assert.ok(attempts.waitMs('anna') > 0)
})

test('an attempt that is given back does not count', () => {
  const attempts = new Attempts(rules, new Clock().now)
  for (let round = 0; round < 20; round += 1) {
    attempts.take('anna')
    attempts.giveBack('anna')
  }
  assert.equal(attempts.waitMs('anna'), 0)
  assert.equal(attempts.size, 0)
})

test('an IPv6 caller is its network of 64 bits; an IPv4 one is itself, however it is written', () => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'], ['::ffff:192.0.2.1', '192.0.2.1'], ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'], ['2001:db8:1:2::', '2001:db8:1:2'], ['2001:DB8::1', '2001:db8:0:0'], ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'], ['1::2:3:4:5:6:7', '1:0:2:3'], ['64:ff9b::192.0.2.1', '64:ff9b:0:0'], ['', ''], ['nonsense', 'nonsense'],
  ] as const
  for (const [address, block] of cases) assert.equal(addressBlock(address), block, address)
})
