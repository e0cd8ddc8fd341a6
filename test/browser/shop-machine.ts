import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../e2e/machine.ts'
import { newMachine } from '../e2e/machine.ts'

/** A machine with one small application that was never backed up. */
export async function shopMachine(): Promise<Machine> {
  const machine = await newMachine()
  await mkdir(join(machine.app, 'docs'), { recursive: true })
  await mkdir(machine.place, { recursive: true })
  for (let file = 0; file < 20; file++) await writeFile(join(machine.app, 'docs', `page-${file}.txt`), `page ${file}\n`.repeat(200))
  // Names are hostile: this one must be text, and nothing else, wherever it is shown.
  await writeFile(join(machine.app, '<img src=x onerror=document.title=1>.txt'), 'markup in a name\n')
  await writeFile(join(machine.app, 'index.txt'), 'the first page\n')
  await writeFile(machine.configFile, JSON.stringify({ apps: { shop: { root: machine.app, schedule: 'daily', expect: { every: '2d', minSize: '1kB' } } }, place: machine.place, state: machine.state }), { mode: 0o600 })
  return machine
}
