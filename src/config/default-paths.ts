import { isAbsolute, join } from 'node:path'

export type Person = { readonly uid: number; readonly home: string; readonly env: Readonly<Record<string, string | undefined>> }

/**
 * Where archives and state lie when nothing is configured: `/var/backups/holdfast` and `/var/lib/holdfast` for root,
 * `$XDG_DATA_HOME/holdfast/backups` and `$XDG_STATE_HOME/holdfast` for others. Source: XDG Base Directory Specification;
 * as it says, a relative value is ignored.
 */
export function defaultPaths({ uid, home, env }: Person): { readonly place: string; readonly state: string } {
  if (uid === 0) return { place: '/var/backups/holdfast', state: '/var/lib/holdfast' }
  return {
    place: join(xdgFolder(env['XDG_DATA_HOME'], home, '.local/share'), 'holdfast/backups'),
    state: join(xdgFolder(env['XDG_STATE_HOME'], home, '.local/state'), 'holdfast'),
  }
}

/** An XDG base folder: the variable's value where it is absolute, else the default below the home folder. */
export function xdgFolder(value: string | undefined, home: string, standard: string): string {
  return value !== undefined && isAbsolute(value) ? value : join(home, standard)
}

/** Whose command this is. */
export function thisPerson(): Person {
  return { uid: process.geteuid?.() ?? -1, home: process.env['HOME'] ?? '/', env: process.env }
}
