/** What an account may do, read from `SHOW GRANTS`; names of privileges in upper case, as the server prints them. */
export class Grants {
  readonly #grants: readonly { readonly privileges: readonly string[]; readonly database: RegExp | undefined; readonly whole: boolean }[]

  /** `lines` as the server prints them; those of active roles among them. */
  constructor(lines: readonly string[]) {
    this.#grants = lines.flatMap((line) => {
      const parts = /^GRANT (.+?) ON (?:(\w+) )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /.exec(line)
      if (parts === null) return []
      const privileges = (parts[1] ?? '').replaceAll(/\([^)]*\)/g, '(columns)').split(',').map((name) => name.trim())
      return [{ privileges, database: parts[3] === '*' ? undefined : likeToRegExp((parts[3] ?? '').slice(1, -1).replaceAll('``', '`')), whole: parts[4] === '*' }]
    })
  }

  /** For every database. */
  everywhere(privilege: string): boolean {
    return this.#grants.some(({ privileges, database, whole }) => database === undefined && whole && covers(privileges, privilege))
  }

  /** For all that is in this database, or for every one. */
  within(database: string, privilege: string): boolean {
    return this.#grants.some((grant) => grant.whole && (grant.database === undefined || grant.database.test(database)) && covers(grant.privileges, privilege))
  }
}

function covers(privileges: readonly string[], wanted: string): boolean {
  return privileges.includes('ALL PRIVILEGES') || privileges.includes('ALL') || privileges.includes(wanted)
}

/** A database in a grant is a LIKE pattern: `%`, `_`, and a backslash before what is meant as it stands. */
function likeToRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\([^])|([^])/g, (_all, escaped: string | undefined, plain: string | undefined) => {
    if (escaped === undefined && plain === '%') return '[^]*'
    if (escaped === undefined && plain === '_') return '[^]'
    return RegExp.escape(escaped ?? plain ?? '')
  })
  return new RegExp(`^${source}$`, 'iu')
}
