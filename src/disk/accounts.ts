import { readFileSync } from 'node:fs'

/** This machine's users and groups by number and by name. Only those in the local files; a directory service is not asked. */
export type Accounts = {
  userName(uid: number): string | undefined
  groupName(gid: number): string | undefined
  userId(name: string): number | undefined
  groupId(name: string): number | undefined
}

export function readAccounts(folder = '/etc'): Accounts {
  const users = readTable(`${folder}/passwd`)
  const groups = readTable(`${folder}/group`)
  return {
    userName: (uid) => users.names.get(uid),
    groupName: (gid) => groups.names.get(gid),
    userId: (name) => users.ids.get(name),
    groupId: (name) => groups.ids.get(name),
  }
}

function readTable(file: string): { names: Map<number, string>; ids: Map<string, number> } {
  const names = new Map<number, string>()
  const ids = new Map<string, number>()
  for (const line of readLines(file)) {
    const [name, , id] = line.split(':')
    if (name === undefined || name === '' || id === undefined || !/^\d+$/.test(id)) continue
    // The first line with a number is the one that ls and tar show.
    if (!names.has(Number(id))) names.set(Number(id), name)
    if (!ids.has(name)) ids.set(name, Number(id))
  }
  return { names, ids }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    // A system without the file (a bare container) has no names; numbers are kept anyway.
    return []
  }
}
