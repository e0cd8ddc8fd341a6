import { readFileSync } from 'node:fs'
import { getAsset, isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'

/** The text of a file of the package, by its path there; inside the single executable it is an embedded asset of that name. */
export function packageFile(path: string): string {
  if (isSea()) return getAsset(path, 'utf8')
  // src/cli and dist/cli lie equally deep.
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}
