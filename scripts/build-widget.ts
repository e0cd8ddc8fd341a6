import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, stop, transform } from 'esbuild'
import type { Plugin } from 'esbuild'
import { looks, settings } from '../web/widget/tile-params.ts'
import { projectFolder } from './project-folder.ts'

/** The style sheet as a text that is as short as the script around it. */
const cssAsText: Plugin = {
  name: 'css-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

/** Builds the status widget: `tile.js`, one script without parts for any page, and from it the tiles for Jeedom. */
export async function buildWidget(folder: string): Promise<void> {
  const { outputFiles } = await build({
    // ASCII alone, as esbuild writes it: pages in other encodings hold the script too.
    absWorkingDir: projectFolder, entryPoints: ['web/widget/tile.ts'], bundle: true, minify: true, format: 'iife', target: 'es2022', platform: 'browser',
    legalComments: 'none', logLevel: 'silent', write: false, plugins: [cssAsText],
  })
  // Its service would stay as long as this process.
  await stop()
  const script = outputFiles[0]?.text.trim() ?? ''
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tile.js'), `${script}\n`)
  for (const form of ['dashboard', 'mobile']) writeFileSync(join(folder, `jeedom-${form}.html`), jeedomTile(script, form))
}

/** @throws Error where Jeedom would take something in the script for a word of its own. */
function jeedomTile(script: string, form: string): string {
  const inside = script.replaceAll('</', '<\\/')
  // It translates what stands between double braces, and fills in what stands between number signs.
  if (/\{\{|#[a-z_]+#/i.test(inside)) throw new Error('the script of the widget holds {{ or #word#, which Jeedom would replace')
  const { app: _app, server: _server, token: _token, form: _form, ...shown } = settings
  const names = [...Object.values(looks).flatMap((look) => look.names), ...Object.values(shown).flat()]
  const parts: Readonly<Record<string, string>> = {
    FORM: form,
    PARAMETERS: names.map((name) => `${name}="#${name}#"`).join(' '),
    HELP: names.map((name) => `<div>${name}</div>`).join(''),
    SCRIPT: inside,
  }
  return readFileSync(join(projectFolder, 'web/widget/jeedom-tile.html'), 'utf8').replaceAll(/\b(?:FORM|PARAMETERS|HELP|SCRIPT)\b/g, (word) => parts[word] ?? word)
}
