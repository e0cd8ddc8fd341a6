import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import type { Room } from './floor-table.ts'
import { readImports } from './read-imports.ts'

/** The package's public face, above every floor: it re-exports what other programs may use. */
const publicFace = 'index.ts'

/**
 * What breaks the table, as sentences with file and line; empty when all is well.
 * `files` maps paths below src/, with `/`, to their sources. No files at all is itself a violation, as is a file in no known room.
 */
export function checkFloors(files: ReadonlyMap<string, string>, table: Readonly<Record<string, Room>>): string[] {
  if (files.size === 0) return ['no source file was seen, so nothing was checked']
  const violations: string[] = []
  for (const [path, source] of files) {
    const room = roomOf(path)
    const rules = room === undefined ? undefined : table[room]
    if (rules === undefined && path !== publicFace) {
      violations.push(`${path}: lies in no room of the table`)
      continue
    }
    for (const { specifier, line } of readImports(path, source)) {
      const complaint = specifier === undefined
        ? 'imports a module whose name is computed, which nobody can check'
        : complaintOf(path, room, rules, specifier, files, table)
      if (complaint !== undefined) violations.push(`${path}:${line}: ${complaint}`)
    }
  }
  return violations
}

function complaintOf(path: string, room: string | undefined, rules: Room | undefined, specifier: string, files: ReadonlyMap<string, string>, table: Readonly<Record<string, Room>>): string | undefined {
  if (specifier.startsWith('.')) return localComplaint(path, room, rules, specifier, files, table)
  if (specifier.startsWith('node:')) {
    return rules?.pure === true ? `imports ${specifier}, but ${room} is pure` : undefined
  }
  if (builtinModules.includes(specifier)) return `imports ${specifier} without node:`
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  return rules?.packages.includes(name) === true ? undefined : `imports the package ${name}, which ${room ?? path} may not`
}

function localComplaint(path: string, room: string | undefined, rules: Room | undefined, specifier: string, files: ReadonlyMap<string, string>, table: Readonly<Record<string, Room>>): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  if (target.startsWith('..')) return `imports ${specifier}, which lies outside src/`
  if (!files.has(target)) return `imports ${specifier}, which is no file of src/`
  const targetRoom = roomOf(target)
  if (room !== undefined && targetRoom === room) return undefined
  if (targetRoom === undefined) return `imports ${specifier}: nothing stands above the public face`
  const targetRules = table[targetRoom]
  if (rules === undefined || targetRules === undefined) return undefined
  if (targetRules.floor < rules.floor) return undefined
  return targetRules.floor === rules.floor
    ? `${room} imports ${specifier}, but ${targetRoom} is on its floor (${rules.floor}); rooms on one floor never meet`
    : `${room} (floor ${rules.floor}) imports ${specifier} from ${targetRoom} above it (floor ${targetRules.floor})`
}

function roomOf(path: string): string | undefined {
  const slash = path.indexOf('/')
  return slash === -1 ? undefined : path.slice(0, slash)
}
