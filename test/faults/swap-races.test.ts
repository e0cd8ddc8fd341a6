import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raceSwaps } from './swap-race.ts'

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 1e9))

test(`while folders are swapped for links nothing is written or removed outside, and a restore is right or refused (seed ${seed})`, async () => {
  const { problems, restored, refused } = await raceSwaps(60, seed)
  assert.deepEqual(problems, [])
  assert.ok(restored > 0 && refused > 0, `the races were no races: ${restored} restored, ${refused} refused`)
})
