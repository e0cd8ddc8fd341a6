import { printable } from '../kit/printable.ts'
import { formatByteSize } from '../kit/byte-size.ts'
import type { RunEvent } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import { reduceRun } from '../model/run-report.ts'
import type { Output } from './output.ts'
import { phaseWords } from '../runs/describe-event.ts'

/** Shows a run's events: on a terminal one line that is drawn again, with rate and time left; else a plain line a phase. */
export class Progress implements Disposable {
  readonly #output: Output
  readonly #terminal: boolean
  #report: RunReport | undefined
  #drawn = false

  constructor(output: Output) {
    this.#output = output
    this.#terminal = !output.json && process.stderr.isTTY && process.env['TERM'] !== 'dumb'
  }

  readonly show = (event: RunEvent): void => {
    this.#report = reduceRun(this.#report, event)
    if (this.#output.json || this.#report === undefined) return
    switch (event.type) {
      case 'run.phase':
        if (this.#terminal) this.#draw(this.#report)
        else this.#output.say(`${phaseWords[event.phase]} …`)
        return
      case 'run.progress':
        if (this.#terminal) this.#draw(this.#report)
        return
      case 'run.warning':
        this.#line(`${this.#output.paint('yellow', 'warning:')} ${about(event.path)}${printable(event.message)}`)
        return
      case 'run.note':
        this.#line(`${this.#output.paint('dim', 'note:')} ${about(event.path)}${printable(event.message)}`)
        return
      case 'hook.output':
        this.#line(`${this.#output.paint('dim', `${event.hook}:`)} ${printable(event.line)}`)
        return
      case 'dump.finished':
      case 'run.started':
      case 'snapshot.saved':
      case 'snapshot.verified':
      case 'snapshot.removed':
      case 'run.finished':
        return
    }
  }

  [Symbol.dispose](): void {
    this.#clear()
  }

  #line(text: string): void {
    this.#clear()
    this.#output.say(text)
  }

  #draw(report: RunReport): void {
    const width = process.stderr.columns || 80
    process.stderr.write(`\r\u001b[2K${progressLine(report, Date.now(), width)}`)
    this.#drawn = true
  }

  #clear(): void {
    if (this.#drawn) process.stderr.write('\r\u001b[2K')
    this.#drawn = false
  }
}

/** `saving files  1.2 GB, 3,400 files, 180 MB/s, 12 s left  path/to/file`, cut to the terminal's width. */
export function progressLine(report: RunReport, nowMs: number, width: number): string {
  const parts: string[] = []
  const seconds = report.phaseStartedAt === undefined ? 0 : (nowMs - Date.parse(report.phaseStartedAt)) / 1000
  const rate = seconds > 0.5 ? report.bytes / seconds : 0
  if (report.bytes > 0) parts.push(report.totalBytes === undefined || report.totalBytes < report.bytes ? formatByteSize(report.bytes) : `${formatByteSize(report.bytes)} of ${formatByteSize(report.totalBytes)}`)
  if (report.files > 0) parts.push(`${report.files.toLocaleString('en')} files`)
  if (rate > 0) parts.push(`${formatByteSize(Math.round(rate))}/s`)
  if (rate > 0 && report.totalBytes !== undefined && report.totalBytes > report.bytes) parts.push(`${timeLeft((report.totalBytes - report.bytes) / rate)} left`)
  const head = `${bar(report)}${report.phase === undefined ? '' : phaseWords[report.phase]}  ${parts.join(', ')}`
  const room = width - head.length - 3
  const path = report.path === undefined ? '' : printable(report.path)
  return `${head}${room > 10 ? `  ${path.length > room ? `…${path.slice(1 - room)}` : path}` : ''}`.slice(0, width - 1)
}

function bar(report: RunReport): string {
  if (report.totalBytes === undefined || report.totalBytes === 0) return ''
  const share = Math.min(1, report.bytes / report.totalBytes)
  const filled = Math.round(share * 20)
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  `
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}

function about(path: string | undefined): string {
  return path === undefined ? '' : `${printable(path)}: `
}
