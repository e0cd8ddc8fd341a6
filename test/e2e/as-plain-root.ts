import assert from 'node:assert/strict'
import { launcher } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

/** Runs Holdfast as a root that files' permissions bind too: so that one can be unreadable. */
export async function asPlainRoot(machine: Machine, args: readonly string[], status: number): Promise<Answer> {
  const answer = await answerOf('setpriv', ['--bounding-set=-dac_override,-dac_read_search', launcher, ...args], { cwd: machine.folder, env: machine.env })
  assert.equal(answer.status, status, answer.stdout + answer.stderr)
  return answer
}
