import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ForgedMember } from './forged-point.ts'
import { forgedTar, forgedTarGz, forgedZip, member, record } from './forged-point.ts'
import { gnuLong, gzip, pax, tarMember } from './raw-tar.ts'
import type { HostileCase, Surroundings } from './run-case.ts'

const escapes: readonly [name: string, path: (around: Surroundings) => string][] = [
  ['.. at the start', () => '../pwned'],
  ['.. in the middle', () => 'folder/../../pwned'],
  ['.. at the end', () => 'folder/..'],
  ['.. alone', () => '..'],
  ['a long chain of ..', () => `${'../'.repeat(40)}tmp/pwned`],
  ['.. onto a file beside the target', () => '../neighbour/file'],
  ['./ before ..', () => './../pwned'],
  ['doubled slashes around ..', () => 'folder//..//..//pwned'],
  ['an absolute name', ({ outside }) => `${outside}/pwned`],
  ['two slashes at the start', ({ outside }) => `/${outside}/pwned`],
  ['an empty part', () => 'folder//pwned'],
  ['. within', () => 'folder/./pwned'],
]

const nameCases: HostileCase[] = escapes.flatMap(([name, path]): HostileCase[] => [
  { name: `tar: ${name}`, expect: 'refused', codes: ['archive.unsafe', 'archive.damaged'], build: (around) => forgedTarGz([member(path(around), { content: 'pwned' })]) },
  { name: `zip: ${name}`, expect: 'refused', codes: ['archive.unsafe', 'archive.damaged'], build: (around) => forgedZip([{ name: path(around), content: Buffer.from('pwned') }], [record(path(around), { content: 'pwned' })]) },
])

// As a folder, `..` comes to be opened, not made.
for (const path of ['..', '../neighbour', 'folder/../..']) {
  nameCases.push({ name: `tar: the folder ${path} with another mode`, expect: 'refused', codes: ['archive.unsafe', 'archive.damaged'], build: () => forgedTarGz([member(`${path}/`, { header: { type: '5', mode: 0o777 } })]) })
}

/** Names that look dangerous and are plain names on Linux: they must come back exactly as they are, within the target. */
function literal(name: string, bytes: string | Uint8Array): HostileCase {
  return {
    name: `tar: ${name} is a plain name`,
    expect: 'restored',
    build: () => forgedTarGz([member(bytes, { content: 'plain', record: { path: recordName(bytes) } })]),
    check: (target) => {
      const found = readdirSync(target, { encoding: 'buffer' })
      return found.length === 1 && found[0]?.equals(Buffer.from(bytes)) === true ? undefined : `it holds ${found.map((one) => JSON.stringify(one.toString('latin1'))).join(', ')}`
    },
  }
}

function recordName(bytes: string | Uint8Array): string {
  // Bytes that are no UTF-8 stand as lone surrogates; these are all such or ASCII.
  return typeof bytes === 'string' ? bytes : [...bytes].map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('')
}

nameCases.push(
  literal('..%2f..%2fpwned', '..%2f..%2fpwned'),
  literal('..\\..\\pwned', '..\\..\\pwned'),
  literal('C:\\pwned', 'C:\\pwned'),
  literal('... and more', '....'),
  // An overlong slash and an overlong dot, which careless decoders take for `../`.
  literal('.. with an overlong slash', Buffer.from([0x2e, 0x2e, 0xc0, 0xaf, 0x70])),
  literal('overlong dots', Buffer.from([0xc0, 0xae, 0xc0, 0xae, 0x70])),
  literal('fullwidth dots and slash', '．．／pwned'),
  literal('blanks at both ends', ' pwned '),
  literal('a dash at the start', '-rf'),
  literal('a shell command', '$(touch pwned);`id`'),
  literal('escape sequences', '\u001b[2J\u001b[31mforged'),
  literal('a right-to-left override', 'a\u202egnp.exe'),
  literal('a line that looks like ours', 'x\nforged line: all is well'),
  literal('a carriage return', 'x\rforged line'),
)

nameCases.push(
  { name: 'tar: names with escapes, in a message', expect: 'refused', codes: ['archive.unsafe', 'archive.damaged'], build: () => forgedTarGz([member('../\u001b[2J\u001b]0;title\u0007\u202e\u0085\nforged line: all is well\rforged line')]) },
  { name: 'zip: names with escapes, in a message', expect: 'refused', build: () => forgedZip([{ name: '../\u001b[2J\u202e\nforged line', content: Buffer.from('x') }], [record('../\u001b[2J\u202e\nforged line', { content: 'x' })]) },
  { name: 'tar: notes about devices with escapes in their names', expect: 'restored', build: () => forgedTarGz([member('\u001b[2J\u202e\nforged line: device', { header: { type: '3', device: [1, 3] } })]), check: (target) => readdirSync(target).length === 0 ? undefined : 'a device was made' },
  // What tar reads as relative stays below the target.
  { name: 'tar: an absolute name after ./', expect: 'either', build: ({ outside }) => forgedTarGz([member(`./${outside}/pwned`)]) },
  { name: 'tar: an empty name', expect: 'refused', build: () => forgedTarGz([member('', { content: 'x', record: { path: '' } })]) },
  { name: 'tar: an empty name in a pax header', expect: 'either', build: () => gzip(Buffer.concat([pax([['path', '']]), forgedTar([member('named', { content: 'x' })])])) },
  { name: 'tar: . as a file', expect: 'refused', build: () => forgedTarGz([member('.', { content: 'x' })]) },
  { name: 'tar: . as a link', expect: 'refused', build: () => forgedTarGz([member('.', { header: { type: '2', link: '/etc' } })]) },
  { name: 'tar: a slash alone', expect: 'refused', build: () => forgedTarGz([member('/', { header: { type: '5' }, record: { path: '/' } })]) },
  { name: 'tar: a file with a slash at its end', expect: 'either', build: () => forgedTarGz([member('folder/', { record: { kind: 'dir', path: 'folder', size: undefined, sha256: undefined } })]), check: (target) => lstatSync(join(target, 'folder')).isDirectory() ? undefined : 'no folder' },
  // The name ends at the zero byte in a header; in a pax header all of it counts.
  { name: 'tar: a zero byte in a pax name', expect: 'refused', build: () => gzip(Buffer.concat([pax([['path', 'a\0b']]), tarMember({ name: 'x' }), forgedTar([], { records: [record('a\0b')] })])) },
  { name: 'tar: a zero byte in a link\'s target', expect: 'refused', build: () => gzip(Buffer.concat([pax([['linkpath', 'a\0b']]), tarMember({ name: 'x', type: '2' }), forgedTar([], { records: [record('x', { kind: 'symlink', linkTarget: 'a\0b' })] })])) },
  { name: 'zip: a zero byte in a name', expect: 'refused', build: () => forgedZip([{ name: 'a\0../../pwned', content: Buffer.from('x') }], [record('a\0../../pwned', { content: 'x' })]) },
  { name: 'tar: a name of 255 bytes and one of 256', expect: 'refused', build: () => forgedTarGz([member('n'.repeat(255)), member('n'.repeat(256))]) },
  { name: 'tar: a path of 900,000 bytes', expect: 'refused', build: () => forgedTarGz([member('d/'.repeat(450_000))]) },
  { name: 'tar: a GNU long name over 1 MiB', expect: 'refused', codes: ['archive.damaged'], build: () => gzip(Buffer.concat([gnuLong('L', 'x'.repeat(1_100_000)), forgedTar([member('short')])])) },
  { name: 'tar: a GNU long name that leaves the target', expect: 'refused', build: () => gzip(Buffer.concat([gnuLong('L', '../pwned'), tarMember({ name: 'harmless', magic: 'ustar  \0' }), forgedTar([], { records: [record('../pwned')] })])) },
  {
    name: 'tar: case variants of one name',
    expect: 'restored',
    build: () => forgedTarGz([member('File', { content: 'one' }), member('FILE', { content: 'two' }), member('file', { content: 'three' })]),
    check: (target) => ['File', 'FILE', 'file'].map((name) => readFileSync(join(target, name), 'utf8')).join() === 'one,two,three' ? undefined : 'they were mixed up',
  },
  {
    name: 'tar: composed and decomposed forms of one name',
    expect: 'restored',
    build: () => forgedTarGz([member('caf\u00e9', { content: 'one' }), member('cafe\u0301', { content: 'two' })]),
    check: (target) => readdirSync(target).length === 2 ? undefined : 'they became one',
  },
  {
    // Our own folder for work in progress, as an archive's content: it must not be taken for one.
    name: 'tar: names of our own work folders',
    expect: 'either',
    build: () => forgedTarGz([member('.holdfast/20260101T000000Z-00000000/restore.db', { content: 'x' }), member('.holdfast-tmp-00000000-1-1-0000000000000000', { content: 'x' })]),
    check: (target) => existsSync(join(target, '.holdfast-tmp-00000000-1-1-0000000000000000')) ? undefined : 'a plain file is missing',
  },
  { name: 'tar: a thousand levels of folders', expect: 'either', build: () => forgedTarGz([...levels(1000)]) },
  { name: 'tar: 10,000 levels of folders', expect: 'either', seconds: 60, build: (_, full) => forgedTarGz([...levels(full ? 10_000 : 3000)]) },
  { name: 'tar: a file 10,000 folders deep, which are not listed', expect: 'either', build: () => forgedTarGz([member(`${'d/'.repeat(10_000)}file`, { content: 'x' })]) },
)

function* levels(count: number): Generator<ForgedMember> {
  let path = ''
  for (let level = 0; level < count; level++) {
    path += 'd/'
    yield member(path, { header: { type: '5', mode: 0o755 } })
  }
}

export { nameCases }
