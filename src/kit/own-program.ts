import { isSea } from 'node:sea'

/** How this very program is started once more: the single-file executable, or the runtime with the file that it runs. */
export function ownProgram(): { readonly command: string; readonly args: readonly string[] } {
  const main = process.argv[1]
  return isSea() || main === undefined ? { command: process.execPath, args: [] } : { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', main] }
}
