// `npm run build`: the published form in dist/, since Node strips no types below node_modules.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleProgram } from './bundle.ts'
import { projectFolder } from './project-folder.ts'
import { runTool } from './run-tool.ts'

const dist = join(projectFolder, 'dist')
const program = join(dist, 'cli')
rmSync(dist, { recursive: true, force: true })
const { ok, output, seconds } = await runTool(process.execPath, [join(projectFolder, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], new AbortController().signal)
if (ok) {
  // The command line is no part of what others import: it goes in as a bundle, which starts in half the time.
  rmSync(program, { recursive: true, force: true })
  writeFileSync(join(dist, 'LICENSES-of-parts.txt'), await bundleProgram(program))
}
console.log(ok ? `dist/ is built (${seconds.toFixed(1)} s)` : output)
process.exit(ok ? 0 : 1)
