import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one trial with `tmp` in it, removed afterwards. */
export async function withTrialFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-trial-'))
  try {
    mkdirSync(join(folder, 'tmp'))
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
