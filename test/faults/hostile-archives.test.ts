import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hostileCases, someCases } from './hostile/all-cases.ts'
import { runCase } from './hostile/run-case.ts'

// A new seed for each run finds more over time; a failure says it, and HOLDFAST_SEED brings it back.
const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 1e9))
const sample = 12

test('there are at least 60 malicious archives, each under a name of its own', () => {
  assert.ok(hostileCases.length >= 60)
  assert.equal(new Set(hostileCases.map(({ name }) => name)).size, hostileCases.length)
})

suite(`a malicious archive writes nothing outside the target, and refused it leaves everything as it was (seed ${seed})`, { concurrency: 2 }, () => {
  for (const hostile of someCases(sample, seed)) {
    test(hostile.name, async () => {
      assert.deepEqual((await runCase(hostile, false)).problems, [])
    })
  }
})
