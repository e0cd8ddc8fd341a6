import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadGates } from '../../scripts/load-gates.ts'

// A new seed for each run finds more over time; a failure says it, and HOLDFAST_SEED brings it back.
const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 1e9))

/** Tests a sample of every second gate, from the one of this number on: two files of tests run beside each other. */
export async function sampleGates(first: 0 | 1): Promise<void> {
  for (const [index, gate] of (await loadGates()).entries()) {
    if (index % 2 !== first) continue
    test(`a sample of the gate ${gate.name} (seed ${seed})`, async () => {
      const { ok, figures } = await gate.run({ full: false, seed })
      assert.ok(ok, `HOLDFAST_SEED=${seed}: ${JSON.stringify(figures)}`)
    })
  }
}
