import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

export type Measure = { readonly wallSeconds: number; readonly cpuSeconds: number; readonly peakBytes: number }

const pollMs = 20

/**
 * Runs a bash line and measures it with all its children: wall and CPU time by bash itself, peak memory as the largest
 * sum of the resident memory of all its processes, looked at every 20 ms. @throws where it fails.
 */
export async function measure(line: string, env: Record<string, string>): Promise<Measure> {
  const child = spawn('bash', ['-c', `set -o pipefail; TIMEFORMAT='%R %U %S'; time { ${line}; }`], { detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env, LC_ALL: 'C' } })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000)
  })
  let peakBytes = 0
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid ?? 0))
  }, pollMs)
  const [status] = await once(child, 'close')
  clearInterval(timer)
  if (status !== 0) throw new Error(`"${line}" ended with ${status}: ${stderr}`)
  const [wall = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wallSeconds: wall, cpuSeconds: user + system, peakBytes }
}

/** The resident memory of all processes of a process group. */
function residentBytes(group: number): number {
  let sum = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[2]) === group) sum += Number(fields[21]) * 4096
    } catch {
      // It has ended since.
    }
  }
  return sum
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
