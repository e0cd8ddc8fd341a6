import { accessSync, constants } from 'node:fs'
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import { AppError } from '../kit/app-error.ts'

/** The program that starts Holdfast, absolute: the single executable itself, or the package's launcher. @throws AppError `internal`. */
export function launcherPath(): string {
  if (isSea()) return process.execPath
  // It lies as far from src/cli as from dist/cli.
  const launcher = fileURLToPath(new URL('../../bin/holdfast', import.meta.url))
  try {
    accessSync(launcher, constants.X_OK)
    return launcher
  } catch (cause) {
    throw new AppError('internal', `The program ${launcher} cannot be started`, { hint: 'Install Holdfast again.', cause })
  }
}
