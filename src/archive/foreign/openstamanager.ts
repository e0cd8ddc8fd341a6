import type { ForeignKind } from './foreign-kind.ts'
import { localMoment } from './foreign-kind.ts'

// The seconds in these names are the day of the month.
const named = /^OSM backup (\d{4})-(\d{1,2})-(\d{1,2}) (\d{2})_(\d{2})_\d{2}(?: (FULL|PARTIAL))?(?:\.zip)?$/
const dump = 'database.sql'

/** OpenSTAManager: a zip, or a folder (also one that is called `….zip`), of the whole tree with `database.sql` at its root. */
export const openstamanager: ForeignKind = {
  name: 'openstamanager',
  preset: 'openstamanager',
  title: 'OpenSTAManager backup',
  marks: [dump, 'core.php', 'modules', 'index.php'],
  isDump: (member) => member === dump,
  recognise({ name, packing, has, tops, dumps, modifiedAt }) {
    const tables = dumps.get(dump)?.tables
    if (tables === undefined || (packing !== 'zip' && packing !== 'folder')) return undefined
    const isApplication = has('core.php') && has('modules')
    if (!isApplication && !tables.some((table) => table.name === 'zz_modules' || table.name === 'zz_settings')) return undefined
    const [, year, month, day, hour, minute, extent] = named.exec(name) ?? []
    return {
      app: 'openstamanager',
      madeAt: localMoment([year, month, day, hour, minute]) ?? modifiedAt,
      scope: tops.size === 1 ? 'database' : extent === 'PARTIAL' ? 'partial' : 'full',
    }
  },
  // Its own patterns hold at any depth: modules/backups and modules/*/tests are in none of its archives.
  exclude: ['config.inc.php', '*.lock', '*.phar', '*.log', 'node_modules/', 'tests/', 'tmp/', '.git/', '.github/', '.config/', '.couscous/', 'backup/', 'backups/'],
}
