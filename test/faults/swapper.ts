// Swaps folders for links to an outside folder and back as fast as it can, from a message that names where until `stop`.
import { lstatSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

const [target = '', container = '', outside = ''] = process.argv.slice(2)
const swapsAtOnce = 8
const aside = '.swapped-aside'
let going: 'live' | 'stage' | undefined

process.on('message', (message) => {
  going = message === 'live' || message === 'stage' ? message : undefined
  if (going === undefined) process.send?.('stopped')
  else turn()
})
process.send?.('ready')

function turn(): void {
  if (going === undefined) return
  for (let count = 0; count < swapsAtOnce; count++) for (const folder of folders()) swap(folder, count % 2 === 0)
  setImmediate(turn)
}

/** Folders of the target, or of all that lies in work folders beside it. */
function* folders(): Generator<string> {
  const roots = going === 'live' ? [target] : []
  try {
    if (going === 'stage') for (const name of readdirSync(container)) roots.push(join(container, name, 'stage'), join(container, name, 'originals'))
  } catch {
    // Nothing is staged yet, or any more.
  }
  for (const root of roots) for (const name of ['a', 'a/b', 'c']) yield join(root, name)
}

/** Each step may fail: the restore renames the same folders. */
function swap(folder: string, atOnce: boolean): void {
  const hidden = `${folder}${aside}`
  if (!attempt(() => renameSync(folder, hidden))) return
  attempt(() => symlinkSync(outside, folder))
  // Half of the time it looks as if nothing were there for a moment.
  if (!atOnce) attempt(() => lstatSync(folder))
  attempt(() => unlinkSync(folder))
  attempt(() => renameSync(hidden, folder))
}

function attempt(step: () => void): boolean {
  try {
    step()
    return true
  } catch {
    return false
  }
}
