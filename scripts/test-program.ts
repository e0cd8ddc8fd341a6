import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { stop } from 'esbuild'
import { bundleProgram } from './bundle.ts'
import { projectFolder } from './project-folder.ts'

/**
 * Makes the program as it is published in `.tmp/published`, for tests that start it a thousand times: bundled it starts in half the
 * time. The dashboard must have been built. Gives the path of its launcher.
 */
export async function buildTestProgram(): Promise<string> {
  const folder = join(projectFolder, '.tmp/published')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'dist'), { recursive: true })
  await bundleProgram(join(folder, 'dist/cli'))
  // Its service would go on.
  await stop()
  for (const name of ['bin', 'docs', 'schema', 'package.json', 'dist/web']) cpSync(join(projectFolder, name), join(folder, name), { recursive: true })
  // The runtime that comes with npm lies there.
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/holdfast')
}
