// `npm run build:web`: the dashboard and the widget in dist/web, from where a server that runs in a clone shows them.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildWidget } from './build-widget.ts'
import { projectFolder } from './project-folder.ts'
import { runTool } from './run-tool.ts'

/** Builds the dashboard and the widget into a folder. @throws Error with what the tool said. */
export async function buildWeb(folder: string): Promise<void> {
  const { ok, output } = await runTool(process.execPath, [join(projectFolder, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--config', 'web/vite.config.ts', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'], new AbortController().signal)
  if (!ok) throw new Error(`the dashboard could not be built:\n${output}`)
  await buildWidget(join(folder, 'widget'))
}

/** The same into dist/web, put in place as a whole. */
export async function buildWebHere(): Promise<void> {
  const target = join(projectFolder, 'dist/web')
  mkdirSync(join(projectFolder, '.tmp'), { recursive: true })
  const folder = mkdtempSync(join(projectFolder, '.tmp/web-'))
  try {
    await buildWeb(join(folder, 'web'))
    mkdirSync(join(projectFolder, 'dist'), { recursive: true })
    if (existsSync(target)) renameSync(target, join(folder, 'before'))
    renameSync(join(folder, 'web'), target)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await buildWebHere()
