import { readdirSync } from 'node:fs'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { generic } from './generic.ts'
import type { Preset } from './preset.ts'

/** All presets, the most particular first; `generic` fits any folder. */
const presets: readonly Preset[] = [generic]

/** The preset that fits what lies in a folder. @throws AppError `source.missing`, `source.unreadable`. */
export function detectPreset(root: string): Preset {
  try {
    const names = new Set(readdirSync(root))
    return presets.find((preset) => preset.detect(names)) ?? generic
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') throw new AppError('source.missing', `There is no folder ${root}`, { hint: 'Check the path.', cause })
    throw new AppError('source.unreadable', `The folder ${root} cannot be read`, { hint: 'Run Holdfast as a user that may read it.', cause })
  }
}

/** The preset of that name. @throws AppError `config.invalid`. */
export function presetNamed(name: string): Preset {
  const found = presets.find((preset) => preset.name === name)
  if (found === undefined) throw new AppError('config.invalid', `There is no preset "${name}"`, { hint: `Known presets: ${presets.map((preset) => preset.name).join(', ')}.` })
  return found
}
