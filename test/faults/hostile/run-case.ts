import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { errorCodes } from '../../../src/kit/error-codes.ts'
import { changes, Sandbox } from '../sandbox.ts'

/** What the archive knows of the place that it attacks. */
export type Surroundings = { readonly target: string; readonly outside: string; readonly folder: string }

export type HostileCase = {
  readonly name: string
  /** The archive's bytes; or it fills a folder of this path. */
  build(around: Surroundings, full: boolean, path: string): Buffer | Promise<Buffer> | undefined
  /** `refused`: exit status 1 with one of the codes, nothing live touched. `restored`: exit status 0, or 3 where a device was left out. `either`: one of these. */
  readonly expect: 'refused' | 'restored' | 'either'
  /** Codes that a refusal may have; any but `internal` unless told. */
  readonly codes?: readonly string[]
  /** Looks at what was restored; gives what is wrong. */
  check?(target: string): string | undefined
  readonly seconds?: number
  /** How much room the target has. */
  readonly roomMebibytes?: number
}

const usualSeconds = 20
const mostPeakBytes = 400e6
// eslint-disable-next-line no-control-regex -- these are what must not come through
const unsafeText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

export type CaseResult = { readonly problems: readonly string[]; readonly outcome: string; readonly peakBytes: number; readonly seconds: number }

/** Restores the archive over a live application, as a user would, and looks at everything around it. */
export async function runCase(hostile: HostileCase, full: boolean): Promise<CaseResult> {
  await using sandbox = new Sandbox(hostile.roomMebibytes === undefined ? {} : { roomMebibytes: hostile.roomMebibytes })
  const archive = join(sandbox.folder, 'hostile.archive')
  const bytes = await hostile.build(sandbox, full, archive)
  if (bytes !== undefined) writeFileSync(archive, bytes)
  const before = { around: sandbox.surroundings(), live: sandbox.live() }
  const limits = { seconds: hostile.seconds ?? usualSeconds, peakBytes: mostPeakBytes }
  // Once for people, with everything that goes to a terminal; the code stands in brackets.
  const ended = await sandbox.holdfast(['restore', archive, '--target', sandbox.target, '--no-ask'], limits)
  const code = /\[([a-z-]+(?:\.[a-z-]+)?)\]$/m.exec(ended.stderr)?.[1]
  const problems: string[] = []
  const refused = ended.status === 1
  // 3: restored, and something that is not ours to make (a device) was left out.
  const restored = ended.status === 0 || ended.status === 3
  if (ended.stopped !== undefined) problems.push(`it had to be ended: too much ${ended.stopped} (${ended.seconds.toFixed(1)} s, ${Math.round(ended.peakBytes / 1e6)} MB)`)
  else if (!restored && !(refused && code !== undefined)) problems.push(`exit status ${ended.status}, code ${code ?? 'none'}: ${ended.stderr.slice(-600)}`)
  else if (hostile.expect !== 'either' && refused !== (hostile.expect === 'refused')) problems.push(`it was ${refused ? `refused: ${ended.stderr.slice(-400)}` : 'restored'}`)
  else if (refused && !(hostile.codes ?? usualCodes).includes(code ?? '')) problems.push(`the code is ${code ?? 'none'}: ${ended.stderr.slice(-400)}`)
  if (ended.peakBytes > mostPeakBytes) problems.push(`it took ${Math.round(ended.peakBytes / 1e6)} MB`)
  for (const text of [ended.stdout, ended.stderr]) {
    const found = unsafeText.exec(text)
    if (found !== null) problems.push(`what it printed holds ${JSON.stringify(found[0])}`)
    if (/^(?:error: )?forged line/m.test(text)) problems.push('a name began a line of its own in what it printed')
  }
  problems.push(...changes(before.around, sandbox.surroundings()).map((change) => `outside: ${change}`))
  if (!restored) {
    problems.push(...changes(before.live, sandbox.live()).map((change) => `live, though refused: ${change}`))
    problems.push(...sandbox.leftovers().map((name) => `left behind: ${name}`))
  } else {
    const wrong = hostile.check?.(sandbox.target)
    if (wrong !== undefined) problems.push(wrong)
  }
  return { problems, outcome: restored ? 'restored' : `refused (${code ?? 'no code'})`, peakBytes: ended.peakBytes, seconds: ended.seconds }
}

const usualCodes = Object.keys(errorCodes).filter((code) => code !== 'internal')
