// `npm run build`: the published form in dist/, since Node strips no types below node_modules, with the dashboard in dist/web.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildWeb } from './build-web.ts'
import { bundleProgram } from './bundle.ts'
import { projectFolder } from './project-folder.ts'
import { runTool } from './run-tool.ts'

const dist = join(projectFolder, 'dist')
mkdirSync(join(projectFolder, '.tmp'), { recursive: true })
// Made elsewhere and put in place as a whole: a server that runs from here never sees half of it.
const folder = mkdtempSync(join(projectFolder, '.tmp/dist-'))
const made = join(folder, 'dist')
const program = join(made, 'cli')
try {
  const { ok, output, seconds } = await runTool(process.execPath, [join(projectFolder, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', made], new AbortController().signal)
  if (!ok) throw new Error(output)
  // The command line is no part of what others import: it goes in as a bundle, which starts in half the time.
  rmSync(program, { recursive: true, force: true })
  rmSync(join(made, 'server'), { recursive: true, force: true })
  writeFileSync(join(made, 'LICENSES-of-parts.txt'), await bundleProgram(program))
  await buildWeb(join(made, 'web'))
  if (existsSync(dist)) renameSync(dist, join(folder, 'before'))
  renameSync(made, dist)
  console.log(`dist/ is built (${seconds.toFixed(1)} s)`)
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
