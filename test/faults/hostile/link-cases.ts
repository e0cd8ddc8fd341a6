import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { forgedTarGz, forgedZip, member, record } from './forged-point.ts'
import type { ForgedMember } from './forged-point.ts'
import type { HostileCase, Surroundings } from './run-case.ts'

const symlink = (path: string, link: string): ForgedMember => member(path, { header: { type: '2', link, mode: 0o777 } })
const hardlink = (path: string, link: string): ForgedMember => member(path, { header: { type: '1', link } })
const folder = (path: string): ForgedMember => member(`${path}/`, { header: { type: '5', mode: 0o755 } })
const file = (path: string, content = 'pwned'): ForgedMember => member(path, { content })

function tar(name: string, expect: HostileCase['expect'], members: (around: Surroundings) => readonly ForgedMember[], check?: HostileCase['check']): HostileCase {
  return { name: `tar: ${name}`, expect, build: (around) => forgedTarGz(members(around)), ...(check === undefined ? {} : { check }) }
}

const linkMode = 0o120777

export const linkCases: HostileCase[] = [
  tar('a file through a relative link', 'refused', () => [symlink('link', '../../outside'), file('link/pwned')]),
  tar('a file through an absolute link', 'refused', ({ outside }) => [symlink('link', outside), file('link/pwned')]),
  tar('a file through a chain of links', 'refused', () => [symlink('a', '..'), symlink('b', 'a/..'), symlink('c', 'b/outside'), file('c/pwned')]),
  tar('a file through a link to itself', 'refused', () => [symlink('loop', 'loop'), file('loop/pwned')]),
  tar('a file through a link to the target itself', 'refused', () => [symlink('here', '.'), file('here/pwned')]),
  tar('a file through a link deep below', 'refused', ({ outside }) => [folder('a'), folder('a/b'), symlink('a/b/c', outside), file('a/b/c/folder/pwned')]),
  tar('a folder through a link', 'refused', ({ outside }) => [symlink('link', outside), folder('link/folder')]),
  tar('a link through a link', 'refused', ({ outside }) => [symlink('link', outside), symlink('link/second', '/etc')]),
  tar('the folder that a link leads to gets another mode', 'either', ({ outside }) => [symlink('link', outside), member('link/', { header: { type: '5', mode: 0o777 } })]),
  tar('a file in place of a link is written into what it leads to', 'either', ({ outside }) => [symlink('link', `${outside}/file`), file('link')],
    (target) => lstatSync(join(target, 'link')).isFile() ? undefined : 'the link is still there'),
  tar('a folder becomes a link and its file follows', 'refused', ({ outside }) => [folder('a'), symlink('a', outside), file('a/pwned')]),
  tar('a folder with content becomes a link', 'refused', ({ outside }) => [folder('a'), file('a/one'), symlink('a', outside), file('a/pwned')]),
  tar('a link becomes a folder and a link again', 'refused', ({ outside }) => [symlink('a', outside), folder('a'), symlink('a', outside), file('a/pwned')]),
  tar('a link becomes a folder, with a file in it', 'either', ({ outside }) => [symlink('a', outside), folder('a'), file('a/safe')],
    (target) => lstatSync(join(target, 'a')).isDirectory() ? undefined : 'the link is still there'),
  tar('a file becomes a folder, a link and a file', 'either', ({ outside }) => [file('a', 'one'), folder('a'), symlink('a', outside), file('a', 'last')],
    (target) => readFileSync(join(target, 'a'), 'utf8') === 'last' ? undefined : 'the last one does not count'),
  tar('the same name twice', 'either', () => [file('a', 'one'), file('a', 'two')], (target) => readFileSync(join(target, 'a'), 'utf8') === 'two' ? undefined : 'the last one does not count'),
  tar('a link to anywhere, which is only a link', 'restored', ({ outside }) => [symlink('link', outside), symlink('up', '../../..'), symlink('dev', '/dev/zero')],
    (target) => readlinkSync(join(target, 'up')) === '../../..' ? undefined : 'the link was changed'),
  tar('a link with an empty target', 'refused', () => [symlink('link', '')]),
  tar('a link to 70,000 bytes', 'refused', () => [symlink('link', 'x'.repeat(70_000))]),

  tar('a hardlink to an absolute path', 'refused', ({ outside }) => [hardlink('h', `${outside}/file`)]),
  tar('a hardlink to a path with ..', 'refused', () => [hardlink('h', '../neighbour/file')]),
  tar('a hardlink through a link', 'refused', ({ outside }) => [symlink('link', outside), hardlink('h', 'link/file')]),
  tar('a hardlink to a link to outside, then a file of that name', 'refused', ({ outside }) => [symlink('link', `${outside}/file`), hardlink('h', 'link'), file('h')]),
  tar('a hardlink to something missing', 'refused', () => [hardlink('h', 'missing')]),
  tar('a hardlink to itself', 'refused', () => [hardlink('h', 'h')]),
  tar('a hardlink to itself after a file', 'refused', () => [file('h'), hardlink('h', 'h')]),
  tar('a hardlink to a folder', 'refused', () => [folder('d'), hardlink('h', 'd')]),
  tar('a hardlink to the root', 'refused', () => [hardlink('h', '.')]),
  tar('a hardlink to a device', 'refused', () => [member('dev', { header: { type: '3', device: [1, 3] } }), hardlink('h', 'dev')]),
  tar('a hardlink to a later file', 'refused', () => [hardlink('h', 'later'), file('later')]),
  tar('a hardlink to a live file that is not in the archive', 'refused', () => [hardlink('h', 'index.php')]),
  tar('a hardlink, then a shorter file under its name', 'restored', () => [file('one', 'the long content'), hardlink('two', 'one'), file('two', 'short')],
    (target) => readFileSync(join(target, 'one'), 'utf8') === 'the long content' && readFileSync(join(target, 'two'), 'utf8') === 'short' ? undefined : 'it was written through the hardlink'),
  tar('a hardlink to a file that was replaced by a link', 'refused', ({ outside }) => [file('a'), symlink('a', `${outside}/file`), hardlink('h', 'a')]),
  tar('a hardlink with content', 'either', () => [file('a', 'content'), member('h', { header: { type: '1', link: 'a', size: 512 }, content: 'x'.repeat(512) })]),

  {
    name: 'tar: setuid files from elsewhere lose the bit',
    expect: 'restored',
    build: () => forgedTarGz([member('su', { content: 'x', header: { mode: 0o6755 } }), member('sg', { content: 'x', header: { mode: 0o2755 } })]),
    check: (target) => ['su', 'sg'].every((name) => (lstatSync(join(target, name)).mode & 0o6000) === 0) ? undefined : 'a setuid or setgid bit came through',
  },
  {
    name: 'tar: devices from elsewhere are left out',
    expect: 'restored',
    build: () => forgedTarGz([member('null', { header: { type: '3', device: [1, 3] } }), member('disk', { header: { type: '4', device: [254, 0], mode: 0o666 } }), file('plain')]),
    check: (target) => ['null', 'disk'].every((name) => lstatSync(join(target, name), { throwIfNoEntry: false }) === undefined) ? undefined : 'a device was made',
  },
  tar('a file through a fifo', 'refused', () => [member('pipe', { header: { type: '6' } }), file('pipe/pwned')]),
  tar('a file in place of a fifo', 'either', () => [member('pipe', { header: { type: '6' } }), file('pipe')], (target) => lstatSync(join(target, 'pipe')).isFile() ? undefined : 'the fifo is still there'),

  {
    name: 'zip: a file through a link',
    expect: 'refused',
    build: ({ outside }) => forgedZip([{ name: 'link', content: Buffer.from(outside), mode: linkMode }, { name: 'link/pwned', content: Buffer.from('pwned') }], [record('link', { kind: 'symlink', linkTarget: outside }), record('link/pwned', { content: 'pwned' })]),
  },
  {
    name: 'zip: a link that the records call a file',
    expect: 'either',
    build: ({ outside }) => forgedZip([{ name: 'link', content: Buffer.from(`${outside}/file`), mode: linkMode }], [record('link', { content: `${outside}/file` })]),
    check: (target) => lstatSync(join(target, 'link')).isFile() ? undefined : 'it became a link',
  },
  {
    name: 'zip: a link with a target of 1 GB',
    expect: 'refused',
    build: () => forgedZip([{ name: 'link', content: Buffer.from('x'), mode: linkMode, central: { plain: 1e9 } }], [record('link', { kind: 'symlink', linkTarget: 'x' })]),
  },
  {
    name: 'zip: a link with a target that really has 64 MB',
    expect: 'refused',
    build: () => forgedZip([{ name: 'link', content: Buffer.alloc(64_000_000, 'x'), mode: linkMode }], [record('link', { kind: 'symlink', linkTarget: 'x' })]),
  },
  {
    name: 'zip: hardlinks of the records to outside',
    expect: 'refused',
    build: ({ outside }) => forgedZip([], [record('h', { hardlinkTo: `${outside}/file` })]),
  },
]
