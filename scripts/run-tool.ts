import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { projectFolder } from './project-folder.ts'

export type ToolResult = { readonly ok: boolean; readonly output: string; readonly seconds: number }

/** Runs a program in the project's folder to its end, with what it prints kept for whoever judges it. */
export async function runTool(command: string, args: readonly string[], signal: AbortSignal): Promise<ToolResult> {
  const startMs = performance.now()
  const child = spawn(command, args, { cwd: projectFolder, stdio: ['ignore', 'pipe', 'pipe'], signal })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.on('error', (error) => { output += `${error.message}\n` })
  await once(child, 'close').catch(() => undefined)
  return { ok: child.exitCode === 0, output: output.trim(), seconds: (performance.now() - startMs) / 1000 }
}
