/**
 * Where each database's dump lies in a restore point: the first under the preset's name at the root, further ones as
 * `databases/NAME.sql`; none differs from another by case alone, so that they can be unpacked anywhere. A name that the
 * live tree has already is passed over, so that both are saved: `isTaken` tells of paths in the live tree.
 */
export function dumpNames(databases: readonly string[], presetName: string, isTaken: (path: string) => boolean): readonly string[] {
  const given = new Set<string>()
  return databases.map((name, index) => {
    const candidates = index === 0 ? [presetName] : []
    const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
    for (let attempt = 1; ; attempt++) {
      const candidate = candidates.shift() ?? `databases/${safe}${attempt === 1 ? '' : `-${attempt}`}.sql`
      if (!given.has(candidate.toLowerCase()) && !isTaken(candidate)) {
        given.add(candidate.toLowerCase())
        return candidate
      }
    }
  })
}
