import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forgedTar, forgedTarGz, member, record, tarTrailer } from './forged-point.ts'
import { base256, gzip, padded, pax, tarEnd, tarHeader, tarMember } from './raw-tar.ts'
import type { RawTarHeader } from './raw-tar.ts'
import type { HostileCase } from './run-case.ts'

/** A tar that begins with these blocks; the records agree with what they say. */
function tar(name: string, expect: HostileCase['expect'], blocks: readonly Uint8Array[], records: Parameters<typeof record>[] = [], check?: HostileCase['check']): HostileCase {
  return {
    name: `tar: ${name}`,
    expect,
    build: () => gzip(Buffer.concat([...blocks, tarTrailer({ records: records.map((one) => record(...one)) })])),
    ...(check === undefined ? {} : { check }),
  }
}

const content = Buffer.from('content')
const holds = (path: string, text: string): HostileCase['check'] => (target) => readFileSync(join(target, path), 'utf8') === text ? undefined : `${path} holds something else`

function sparse(name: string, values: readonly (readonly [string, string])[], bytes: Uint8Array, realSize: number): HostileCase {
  return {
    name: `tar: ${name}`,
    expect: 'refused',
    codes: ['archive.damaged', 'archive.too-large', 'restore.space'],
    build: () => gzip(Buffer.concat([pax(values), tarMember({ name: 'sparse' }, bytes), tarTrailer({ records: [record('sparse', { size: realSize })] })])),
  }
}

const sizes: readonly [string, RawTarHeader['size']][] = [
  ['a negative size in base-256', Buffer.from('ffffffffffffffffffffffff', 'hex')],
  ['a size of 2^63 in base-256', base256(2n ** 63n, 12)],
  ['a size of 2^53 in base-256', base256(2n ** 53n, 12)],
  ['a size of 8 TB', base256(8n * 10n ** 12n, 12)],
  ['a size of 8 GB that is not there', 0o77777777777],
  ['a size that is no number', Buffer.from('0000000-1\0\0\0')],
  ['a size in hexadecimal', Buffer.from('0x10\0\0\0\0\0\0\0\0')],
]

export const tarCases: HostileCase[] = [
  ...sizes.map(([name, size]): HostileCase => ({ name: `tar: ${name}`, expect: 'refused', codes: ['archive.damaged'], build: () => forgedTarGz([member('a', { header: { size: size ?? 0 }, content: 'x' })]) })),
  tar('a small size in base-256', 'restored', [tarMember({ name: 'a', size: base256(7n, 12) }, content)], [['a', { content: 'content' }]], holds('a', 'content')),
  tar('a time long before and one long after', 'either', [tarMember({ name: 'a', mtime: base256(2n ** 52n, 12) }, content), pax([['mtime', '-999999999999999999']]), tarMember({ name: 'b' }, content)], [
    ['a', { content: 'content', mtimeNs: `${2n ** 52n}000000000` }], ['b', { content: 'content', mtimeNs: '-999999999999999999000000000' }],
  ]),
  tar('an owner beyond 32 bits', 'either', [tarMember({ name: 'a', uid: base256(2n ** 40n, 8) }, content)], [['a', { content: 'content', uid: 2 ** 40 }]]),
  tar('a checksum that is wrong', 'refused', [tarMember({ name: 'a', checksumOff: 1 }, content)], [['a', { content: 'content' }]]),

  tar('a pax path over a harmless name', 'refused', [pax([['path', '../pwned']]), tarMember({ name: 'harmless' }, content)], [['../pwned', { content: 'content' }]]),
  tar('a pax linkpath over a harmless link', 'refused', [tarMember({ name: 'harmless' }), pax([['linkpath', '../neighbour/file']]), tarMember({ name: 'h', type: '1', link: 'harmless' })], [['harmless'], ['h', { hardlinkTo: '../neighbour/file' }]]),
  tar('two pax headers, the later with a path that leaves', 'refused', [pax([['path', 'harmless']]), pax([['path', '../pwned']]), tarMember({ name: 'a' }, content)], [['../pwned', { content: 'content' }]]),
  tar('a pax size over the header\'s', 'refused', [pax([['size', '1']]), tarMember({ name: 'a' }, Buffer.concat([content, Buffer.alloc(600)]))], [['a', { content: 'c' }]]),
  tar('a pax size of 9 PB', 'refused', [pax([['size', '9007199254740991']]), tarMember({ name: 'a' }, content)], [['a', { size: 9_007_199_254_740_991 }]]),
  tar('a negative pax size', 'refused', [pax([['size', '-1']]), tarMember({ name: 'a' }, content)], [['a', { content: 'content' }]]),
  tar('a global pax path', 'refused', [pax([['path', '../pwned']], 'g'), tarMember({ name: 'a' }, content)], [['../pwned', { content: 'content' }]]),
  tar('a global pax linkpath', 'refused', [pax([['linkpath', '/etc/passwd']], 'g'), tarMember({ name: 'a', type: '1', link: 'b' })], [['a', { hardlinkTo: '/etc/passwd' }]]),
  tar('a global pax size', 'refused', [pax([['size', '100000']], 'g'), tarMember({ name: 'a' }, content)], [['a', { content: 'content' }]]),
  tar('100,000 keys in global pax headers', 'either', Array.from({ length: 100 }, (_, part) => pax(Array.from({ length: 1000 }, (_value, key) => [`comment.${part}.${key}`, 'x'] as const), 'g')), []),
  tar('a global header of 800 kB before each of 50 members', 'either', Array.from({ length: 50 }, (_, index) => Buffer.concat([pax([[`x.${index}`, 'x'.repeat(800_000)]], 'g'), tarMember({ name: `f${index}` })])), Array.from({ length: 50 }, (_, index) => [`f${index}`] as [string])),
  tar('30,000 pax headers before one member', 'either', [...Array.from({ length: 30_000 }, () => pax([['comment', 'x']])), tarMember({ name: 'a' })], [['a']]),
  tar('a pax header for nothing', 'refused', [pax([['path', 'x']]), tarEnd], []),
  tar('a pax record with a length of 0', 'refused', [tarMember({ type: 'x', name: 'p' }, Buffer.from('0 path=x\n')), tarMember({ name: 'a' })], [['a']]),
  tar('a pax record longer than its header', 'refused', [tarMember({ type: 'x', name: 'p' }, Buffer.from('999999 path=x\n')), tarMember({ name: 'a' })], [['a']]),
  tar('attributes that give rights', 'either', [pax([['SCHILY.xattr.security.capability', Buffer.from('0100000200000000000000000000000000000000', 'hex')], ['SCHILY.xattr.trusted.overlay.opaque', 'y'], ['SCHILY.xattr.user.fine', 'x']]), tarMember({ name: 'a', mode: 0o755 }, content)], [['a', { content: 'content', mode: 0o755, xattrs: { 'security.capability': 'AQAAAgAAAAAAAAAAAAAAAAAAAAA=', 'user.fine': 'eA==' } }]]),
  tar('attributes with impossible names', 'either', [pax([['SCHILY.xattr.', 'x'], ['SCHILY.xattr.user.a\0b', 'x'], [`SCHILY.xattr.user.${'n'.repeat(5000)}`, 'x'], ['SCHILY.xattr.user.big', 'x'.repeat(200_000)], ['SCHILY.xattr.__proto__', 'x']]), tarMember({ name: 'a' }, content)], [['a', { content: 'content' }]]),
  tar('an ACL that is none', 'either', [pax([['SCHILY.acl.access', 'user:\u001b[2J:rwx,,,:::'], ['SCHILY.xattr.system.posix_acl_access', 'garbage']]), tarMember({ name: 'a' }, content)], [['a', { content: 'content' }]]),

  sparse('a sparse map beyond the file', [['GNU.sparse.size', '10'], ['GNU.sparse.map', '5,7']], content, 10),
  sparse('a sparse map that overlaps itself', [['GNU.sparse.size', '100'], ['GNU.sparse.map', '0,5,3,2']], content, 100),
  sparse('a sparse map that goes back', [['GNU.sparse.size', '100'], ['GNU.sparse.map', '50,5,10,2']], content, 100),
  sparse('a sparse map with an odd count', [['GNU.sparse.size', '100'], ['GNU.sparse.map', '0,5,3']], content, 100),
  sparse('a sparse map with a negative length', [['GNU.sparse.size', '100'], ['GNU.sparse.map', '0,-7']], content, 100),
  sparse('a sparse map of 8 TB for nothing', [['GNU.sparse.size', '8000000000000'], ['GNU.sparse.map', '0,7']], content, 8e12),
  sparse('a sparse 1.0 map that says 999,999 pieces', [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'sparse'], ['GNU.sparse.realsize', '100']], padded(Buffer.from('999999\n0\n7\n')), 100),
  sparse('a sparse 1.0 map without an end', [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.realsize', '100']], Buffer.alloc(2048, '1'), 100),
  { name: 'tar: a sparse name that leaves the target', expect: 'refused', build: () => gzip(Buffer.concat([pax([['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', '../pwned'], ['GNU.sparse.realsize', '0']]), tarMember({ name: 'harmless' }, padded(Buffer.from('0\n'))), tarTrailer({ records: [record('../pwned', { data: [] })] })])) },
  { name: 'tar: an old sparse header whose chain has no end', expect: 'refused', build: () => gzip(Buffer.concat([oldSparse(), Buffer.concat(Array.from({ length: 200 }, continued))])) },

  tar('a member of no known kind', 'refused', [tarMember({ name: 'a', type: 'Q' }, content)], []),
  tar('a folder with content', 'either', [tarMember({ name: 'd/', type: '5' }, content)], [['d', { kind: 'dir', size: undefined, sha256: undefined }]]),
  tar('a link with content', 'refused', [tarMember({ name: 'l', type: '2', link: 'x' }, content)], [['l', { kind: 'symlink', linkTarget: 'x' }]]),
  { name: 'tar: records only, 600 bytes after the end', expect: 'refused', build: () => gzip(Buffer.concat([forgedTar([member('a')]), Buffer.alloc(600, 'x')])) },
  { name: 'tar: no end', expect: 'refused', build: () => gzip(forgedTar([member('a')]).subarray(0, -1024)) },
  { name: 'tar: something after the gzip member', expect: 'refused', build: () => Buffer.concat([forgedTarGz([member('a')]), Buffer.from('something else')]) },
  { name: 'tar: the records in a second gzip member', expect: 'either', build: () => Buffer.concat([gzip(member('a').bytes), gzip(tarTrailer({ records: [record('a')] }))]) },
  { name: 'tar: uncompressed', expect: 'either', build: () => forgedTar([member('a', { content: 'x' })]) },
  { name: 'tar: nothing at all', expect: 'refused', build: () => Buffer.alloc(0) },
  { name: 'tar: text', expect: 'refused', build: () => Buffer.from('<html>404</html>'.repeat(1000)) },
]

function oldSparse(): Buffer {
  const block = tarHeader({ name: 'sparse', type: 'S', magic: 'ustar  \0', size: 0 })
  block[482] = 1
  block.fill(0x20, 148, 156)
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function continued(): Buffer {
  const block = Buffer.alloc(512)
  block[504] = 1
  return block
}
