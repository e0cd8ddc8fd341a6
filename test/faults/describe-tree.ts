import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * All that a restore must bring back of a tree, a line a path: kind, mode, owner, times to the nanosecond, content's
 * hash or link's target, the other names of a file, attributes and ACLs. Made without any code of the program's.
 */
export function describeTree(root: string): Map<string, string> {
  const tree = new Map<string, string>()
  const names = new Map<bigint, string>()
  const visit = (path: Buffer, name: string): void => {
    const stat = lstatSync(path, { bigint: true })
    const facts = [(stat.mode & 0o7777n).toString(8), `${stat.uid}:${stat.gid}`, stat.mtimeNs]
    if (stat.isDirectory()) {
      tree.set(name, ['folder', ...facts].join(' '))
      for (const child of readdirSync(path, { encoding: 'buffer' })) visit(Buffer.concat([path, Buffer.from('/'), child]), `${name}/${child.toString('latin1')}`)
    } else if (stat.isSymbolicLink()) {
      tree.set(name, `link ${stat.uid}:${stat.gid} ${stat.mtimeNs} ${readlinkSync(path, { encoding: 'buffer' }).toString('latin1')}`)
    } else {
      const first = stat.nlink > 1n ? names.get(stat.ino) : undefined
      names.set(stat.ino, first ?? name)
      tree.set(name, [stat.isFile() ? 'file' : 'special', ...facts, first === undefined ? '' : `same as ${first}`, stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 24) : ''].join(' '))
    }
  }
  visit(Buffer.from(root), '.')
  const attributes = spawnSync('getfattr', ['-R', '-h', '-d', '-m', '-', '-e', 'hex', '.'], { cwd: root, encoding: 'latin1', maxBuffer: 1 << 28 })
  if (attributes.error !== undefined) throw new Error('getfattr is missing: apt-get install attr', { cause: attributes.error })
  for (const block of attributes.stdout.split('\n\n').filter((text) => text.trim() !== '')) {
    const [head = '', ...lines] = block.trim().split('\n')
    tree.set(`attributes of ${head}`, lines.sort().join(' '))
  }
  return tree
}

/** What differs, a line each, at most `limit`; empty where the trees are alike. */
export function differences(got: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>, limit = 6): string[] {
  const lines: string[] = []
  for (const [name, facts] of wanted) if (got.get(name) !== facts) lines.push(`${name}: ${got.get(name) ?? 'missing'} instead of ${facts}`)
  for (const [name, facts] of got) if (!wanted.has(name)) lines.push(`${name}: ${facts} instead of nothing`)
  return lines.length <= limit ? lines : [...lines.slice(0, limit), `… ${lines.length - limit} more`]
}
