import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Gate } from './gate.ts'
import { projectFolder } from './project-folder.ts'

/** Every gate of test/gates/, by file name. @throws Error when there is none, or a file there exports no gate. */
export async function loadGates(): Promise<Gate[]> {
  const gates: Gate[] = []
  for (const file of globSync('test/gates/*.ts', { cwd: projectFolder }).toSorted()) {
    const module: { gate?: Gate } = await import(join(projectFolder, file))
    if (typeof module.gate?.run !== 'function') throw new Error(`${file} exports no gate`)
    gates.push(module.gate)
  }
  if (gates.length === 0) throw new Error('test/gates/ holds no gate')
  return gates
}
