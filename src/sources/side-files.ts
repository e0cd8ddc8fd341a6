/** Whether a path is the journal or index beside one of these SQLite databases: the copy of the database already holds it. */
export function isSideFile(path: string, databases: ReadonlySet<string>): boolean {
  const database = path.replace(/-(?:wal|shm|journal)$/, '')
  return database !== path && databases.has(database)
}
