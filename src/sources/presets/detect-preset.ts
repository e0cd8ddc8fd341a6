import { readdirSync } from 'node:fs'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { ApplicationFolder } from './application-folder.ts'
import { compose } from './compose.ts'
import { generic } from './generic.ts'
import { gitea } from './gitea.ts'
import { homeAssistant } from './home-assistant.ts'
import { iotstack } from './iotstack.ts'
import { jeedom } from './jeedom.ts'
import { nextcloud } from './nextcloud.ts'
import { openstamanager } from './openstamanager.ts'
import type { Preset } from './preset.ts'
import { wordpress } from './wordpress.ts'

/** All presets, the most particular first; `generic` fits any folder. */
const presets: readonly Preset[] = [openstamanager, jeedom, iotstack, nextcloud, wordpress, homeAssistant, gitea, compose, generic]

/** The preset that fits what lies in a folder. @throws AppError `source.missing`, `source.unreadable`. */
export function detectPreset(root: string): Preset {
  try {
    readdirSync(root)
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') throw new AppError('source.missing', `There is no folder ${root}`, { hint: 'Check the path.', cause })
    throw new AppError('source.unreadable', `The folder ${root} cannot be read`, { hint: 'Run Holdfast as a user that may read it.', cause })
  }
  const folder = new ApplicationFolder(root)
  return presets.find((preset) => preset.detect(folder)) ?? generic
}

export function knownPreset(name: string): Preset | undefined {
  return presets.find((preset) => preset.name === name)
}

/** The preset of that name. @throws AppError `config.invalid`. */
export function presetNamed(name: string): Preset {
  const found = knownPreset(name)
  if (found === undefined) throw new AppError('config.invalid', `There is no preset "${name}"`, { hint: `Known presets: ${presets.map((preset) => preset.name).join(', ')}.` })
  return found
}
