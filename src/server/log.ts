import { printable } from '../kit/printable.ts'

/** One line for whoever reads the server's output (systemd's journal gives it its time). Never a secret. */
export function log(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}
