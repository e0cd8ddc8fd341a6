import { isWithin } from '../disk/is-within.ts'
import { realPath } from '../disk/real-path.ts'
import type { SelectionRules } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { linkedAway } from '../sources/linked-away.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'
import { folderOf } from './application.ts'

/**
 * Tells what belongs to an application and will not be in its restore point: what its preset knows, and folders that a link lets lie
 * elsewhere, as on another disk. What another application of the configuration is saved with is a note.
 */
export function tellMissing(app: Application, preset: Preset, rules: SelectionRules, run: Run): void {
  for (const { folder, ...remark } of preset.missing?.(folderOf(app)) ?? []) {
    // Of databases it does not speak where the configuration does.
    if (remark.code === 'database.unknown' && app.config.databases !== undefined) continue
    if (folder === undefined || !tellWithOther(app, folder, remark.path, run)) run.emit({ type: 'run.warning', ...remark })
  }
  const { named, others } = linkedAway(app.root, [...rules.include, ...Object.values({ ...preset.parts, ...app.config.parts }).flat()], rules)
  for (const { path, target } of named) {
    if (tellWithOther(app, target, path, run)) continue
    run.emit({ type: 'run.warning', code: 'source.elsewhere', path, message: `is a link to ${target}, which lies outside the application: what is in it is not in this restore point. Mount it here instead of the link, make ${target} an application too, or leave the link out on purpose (exclude)` })
  }
  for (const { path, target } of others) run.emit({ type: 'run.note', code: 'source.linked', path, message: `is a link to ${target}, which lies outside the application: the link is saved, and not what it leads to` })
}

/** True where the folder is that of another application, or lies in it. */
function tellWithOther(app: Application, folder: string, path: string | undefined, run: Run): boolean {
  const other = Object.entries(app.whole.apps).find(([name, { root }]) => name !== app.name && isWithin(realPath(root), folder))
  if (other === undefined) return false
  run.emit({ type: 'run.note', code: 'source.other-application', ...(path === undefined ? {} : { path }), message: `${folder} is saved with the application ${other[0]}, and not with this one` })
  return true
}
