import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configFromManifest } from '../config/config-from-manifest.ts'
import type { Config } from '../config/config-schema.ts'
import { thisPerson } from '../config/default-paths.ts'
import { usualConfigFiles } from '../config/find-config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { recoveredSection } from '../config/recovered-section.ts'
import type { NewApplication } from '../config/write-config.ts'
import { addApplication, writeNewConfig } from '../config/write-config.ts'
import { printable } from '../kit/printable.ts'
import type { Manifest } from '../model/restore-point.ts'
import { askYesNo, mayAsk } from './ask.ts'
import type { CommandContext } from './command-context.ts'

type Options = { readonly target?: string; readonly dryRun?: boolean; readonly trustHooks?: boolean }

/** `keep` writes it and says where it is now. */
export type Recovered = { readonly config: Config; readonly notes: readonly string[]; readonly keep?: () => Promise<string> }

/** The configuration inside the restore point: where the application has none it is brought back, and tells how to reach databases. */
export async function recoverConfig({ setup, output, options: { ask, json } }: CommandContext, manifest: Manifest, options: Options): Promise<Recovered | undefined> {
  if (manifest.config === undefined || setup.config?.apps[manifest.app] !== undefined) return undefined
  if (setup.config !== undefined && options.target !== undefined) return undefined
  const known = configFromManifest(manifest.config, { trustHooks: true })
  const withHooks = configFromManifest(manifest.config, { trustHooks: false })
  let trustHooks = options.trustHooks === true
  if (!trustHooks && known.text !== withHooks.text && mayAsk({ ask, json })) {
    output.say(`The restore point brings hooks, commands that later runs would start:\n${known.text.split('\n').map(printable).join('\n')}`)
    trustHooks = await askYesNo('Keep these hooks?')
  }
  const { text, value, notes } = trustHooks ? known : withHooks
  const config = parseConfig(text, 'the configuration in the restore point', thisPerson().home)
  if (options.target !== undefined || options.dryRun === true) return { config, notes }
  if (setup.config !== undefined && setup.configFile !== undefined) {
    const [file, section] = [setup.configFile, recoveredSection(setup.config, value, manifest.app)]
    return { config, notes, keep: async () => section === undefined ? await keepBeside(file, manifest.app, text) : await keepWithin(file, section) }
  }
  const files = usualConfigFiles(thisPerson())
  const file = process.geteuid?.() === 0 ? files.at(-1) : files[0]
  if (file === undefined || existsSync(file)) return { config, notes }
  const keep = async (): Promise<string> => {
    await writeNewConfig(file, text)
    return `The configuration that the restore point kept is now ${file}.`
  }
  return { config, notes, keep }
}

/** Several applications come back one after the other: each after the first joins the file that is there. */
async function keepWithin(file: string, section: NewApplication): Promise<string> {
  await addApplication(file, section)
  return `The configuration that the restore point kept for ${section.name} is now part of ${file}.`
}

async function keepBeside(file: string, name: string, text: string): Promise<string> {
  const beside = join(dirname(file), `holdfast-${name}.yaml`)
  if (existsSync(beside)) return `${file} saves to other places than the restore point's configuration does, which ${beside} may hold already: take over what you need.`
  await writeNewConfig(beside, text)
  return `The configuration that the restore point kept saves to other places than ${file} does. It is ${beside}: take over what you need.`
}
