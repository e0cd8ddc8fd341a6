import type { Preset } from './preset.ts'

/** Any folder: everything in it, with names that say application, date and time. */
export const generic: Preset = {
  name: 'generic',
  detect: () => true,
  exclude: () => [],
  parts: {},
  dumpName: 'database.sql',
}
