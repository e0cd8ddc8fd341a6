import type { Entry } from './entry.ts'
import type { DatabaseFacts } from './restore-point.ts'
import type { Run } from './run.ts'

/** Where an application's entries come from. */
export interface Source {
  /** Live dumps first; then it freezes what was asked for; then files. */
  entries(run: Run): AsyncIterable<Entry>
  /** Tells by warnings what was not still while the files were read; call it once they are, before `thaw`. */
  look(run: Run): Promise<void>
  /** Starts again what `entries` stopped. Idempotent; safe when nothing was frozen. */
  thaw(run: Run): Promise<void>
  /** What the dumps held, once `entries` has ended. */
  databases(): readonly DatabaseFacts[]
}
