import { AppError } from '../../kit/app-error.ts'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import type { Preset } from './preset.ts'

/**
 * Tells where the configuration of an application that has a database leads to none: its restore point would look whole. What cannot be
 * understood is refused by `databases` itself.
 */
export function noDatabase(folder: ApplicationFolder, file: string, databases: NonNullable<Preset['databases']>): readonly Remark[] {
  try {
    if (databases(folder).length > 0) return []
  } catch (error) {
    if (error instanceof AppError && error.code === 'source.unreadable') return []
    throw error
  }
  const what = folder.has(file) ? 'names no database' : 'is not there'
  return [{ code: 'database.unknown', path: file, message: `${what}, so this restore point holds no database. If the application is not installed yet, nothing is missing; else bring that file back, or name the database in holdfast.yaml (databases: [{type: mariadb, name: …}])` }]
}
