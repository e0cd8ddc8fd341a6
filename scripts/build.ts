// `npm run build`: the published form in dist/, since Node strips no types below node_modules.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from './project-folder.ts'
import { runTool } from './run-tool.ts'

rmSync(join(projectFolder, 'dist'), { recursive: true, force: true })
const { ok, output, seconds } = await runTool(process.execPath, [join(projectFolder, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], new AbortController().signal)
console.log(ok ? `dist/ is built (${seconds.toFixed(1)} s)` : output)
process.exit(ok ? 0 : 1)
