import { copyFileSync, globSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from './bundle.ts'
import { projectFolder } from './project-folder.ts'
import { runTool } from './run-tool.ts'

export type ExecutableOptions = {
  /** The Node that becomes the executable; of the version that runs this. */
  readonly node: string
  readonly output: string
  /** For other files on the way. */
  readonly tempFolder: string
  /** Removes debug symbols, a fifth of the size; undefined for none. */
  readonly strip: string | undefined
  /** V8's code cache saves a third of the start; it can be made only for the processor that makes it. */
  readonly codeCache: boolean
}

/** Makes the single-file executable (Node's SEA) from a bundle. @throws Error with what the tools said. */
export async function buildExecutable(bundle: Bundle, options: ExecutableOptions): Promise<void> {
  const signal = new AbortController().signal
  const node = join(options.tempFolder, 'node')
  copyFileSync(options.node, node)
  if (options.strip !== undefined) {
    const { ok, output } = await runTool(options.strip, [node], signal)
    if (!ok) throw new Error(`strip failed: ${output}`)
  }
  const config = join(options.tempFolder, 'sea.json')
  writeFileSync(config, JSON.stringify({
    main: bundle.main,
    mainFormat: 'module',
    executable: node,
    output: options.output,
    disableExperimentalSEAWarning: true,
    useCodeCache: options.codeCache,
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'],
    // NODE_OPTIONS of some other program must not change a backup's run, and other V8 flags would void the code cache.
    execArgvExtension: 'none',
    assets: { ...bundle.workers, ...packageTexts(), ...webFiles(bundle.web, options.tempFolder) },
  }))
  const { ok, output } = await runTool(process.execPath, ['--build-sea', config], signal)
  if (!ok) throw new Error(`node --build-sea failed: ${output}`)
}

/** Texts of the package that the program hands out, under the paths by which it asks for them (src/cli/package-file.ts). */
function packageTexts(): Record<string, string> {
  return Object.fromEntries(globSync('bin/drop-in/**/*.sh', { cwd: projectFolder }).map((path) => [path, join(projectFolder, path)]))
}

/** The dashboard's files, and their list, as src/server/http/web-files.ts asks for them. */
function webFiles(folder: string, tempFolder: string): Record<string, string> {
  const names = globSync('**/*', { cwd: folder }).filter((name) => statSync(join(folder, name)).isFile())
  const list = join(tempFolder, 'web-files.json')
  writeFileSync(list, JSON.stringify(names))
  return { 'web-files.json': list, ...Object.fromEntries(names.map((name) => [`web/${name}`, join(folder, name)])) }
}
