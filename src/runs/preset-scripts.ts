import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../kit/app-error.ts'
import type { Moment } from '../model/hook.ts'
import type { Run } from '../model/run.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { HookCommand } from './command-hooks.ts'

const timeoutMs = 3600 * 1000

/**
 * The scripts that an application's users have put into its root, as commands for the moments that its preset names.
 * What is run is what lay there when the run began: a script that a restore brought is not run in its place, unless
 * the user has said that it may (`trustNew`). One that everybody may write is never run. A script that fails makes the run partial.
 */
export function presetScripts(preset: Preset, root: string, trustNew: boolean): (moment: Moment, run: Run) => readonly HookCommand[] {
  const before = new Map(Object.values(preset.scripts ?? {}).map((name) => [name, hashOf(join(root, name))]))
  return (moment, run) => {
    const name = preset.scripts?.[moment]
    if (name === undefined) return []
    const now = hashOf(join(root, name))
    if (now === undefined) return []
    if (now !== before.get(name) && !trustNew) {
      run.emit({ type: 'run.note', code: 'hook.untrusted', path: name, message: 'was not run: it came with the restore point; read it, and run it yourself, or give --trust-hooks' })
      return []
    }
    if ((statSync(join(root, name)).mode & 0o002) !== 0) {
      run.emit({ type: 'run.warning', code: 'hook.untrusted', path: name, message: 'was not run: everybody may change it (chmod o-w)' })
      return []
    }
    return [{ command: ['/bin/bash', `./${name}`], timeoutMs, onError: 'warn' }]
  }
}

function hashOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR' || systemCode(error) === 'EISDIR') return undefined
    throw error
  }
}
