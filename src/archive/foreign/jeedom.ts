import type { ForeignKind } from './foreign-kind.ts'
import { localMoment } from './foreign-kind.ts'

const named = /^(?:cloud-)?backup-(.*)-([\d.]+)-(\d{4})-(\d{2})-(\d{2})-(\d{2})h(\d{2})(?:-\w+)?\.tar\.gz(?:\.gpg)?$/
const dump = 'DB_backup.sql'

/** Jeedom: a tar (gzip or not, members with `./` or without) of the tree with `DB_backup.sql` at its root; from the market encrypted by gpg. */
export const jeedom: ForeignKind = {
  name: 'jeedom',
  preset: 'jeedom',
  title: 'Jeedom backup',
  marks: [dump, 'core', 'core/class', 'desktop', 'plugins', 'data'],
  isDump: (member) => member === dump,
  recognise({ name, packing, has, tops, dumps, modifiedAt }) {
    const tables = dumps.get(dump)?.tables
    if (tables === undefined || packing === 'zip') return undefined
    if (!has('core') && !has('plugins') && !tables.some((table) => table.name === 'eqLogic')) return undefined
    const [, , , year, month, day, hour, minute] = named.exec(name) ?? []
    return { app: 'jeedom', madeAt: localMoment([year, month, day, hour, minute]) ?? modifiedAt, scope: tops.size === 1 ? 'database' : 'full' }
  },
  // Its own patterns hold at any depth, so that plugins' doc, tests and log folders are in none of its archives.
  exclude: [
    'tmp/', 'log/', 'docs/', 'doc/', 'tests/', 'support/', 'backup/', 'script/tunnel/', '.git/', 'node_modules/', 'core/config/common.config.php', 'data/imgOs/', 'python_venv/',
    'resources/venv/', 'vendor/', 'install/update/*.img.gz',
  ],
}
