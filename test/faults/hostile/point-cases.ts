import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forgedTarGz, forgedZip, member, record, trailerTexts } from './forged-point.ts'
import type { Forgery } from './forged-point.ts'
import { gzip, tarEnd, tarMember } from './raw-tar.ts'
import type { HostileCase } from './run-case.ts'

/** What lies in records and manifest; the rest of the archive is as it should be. */
function manifest(name: string, expect: HostileCase['expect'], fields: Record<string, unknown>, check?: HostileCase['check']): HostileCase {
  return { name: `manifest: ${name}`, expect, build: () => forgedTarGz([member('file', { content: 'x' })], { manifest: fields }), ...(check === undefined ? {} : { check }) }
}

function records(name: string, expect: HostileCase['expect'], lines: Forgery['records'], more: Partial<HostileCase> = {}): HostileCase {
  return { name: `records: ${name}`, expect, build: () => forgedZip([{ name: 'a', content: Buffer.from('x') }], lines), ...more }
}

const one = record('a', { content: 'x' })
const facts = { name: 'erp', engine: 'mariadb', version: '10', tables: [], sizeBytes: 1 }

/** A plain folder as a restore point. */
function folderPoint(name: string, expect: HostileCase['expect'], lines: Forgery['records'], fill: (path: string, outside: string) => void = () => undefined): HostileCase {
  return {
    name: `folder: ${name}`,
    expect,
    build({ outside }, _full, path) {
      const texts = trailerTexts({ records: lines })
      const own = join(path, `.holdfast-${texts.id}`)
      mkdirSync(own, { recursive: true })
      writeFileSync(join(own, 'records.ndjson'), texts.records)
      writeFileSync(join(own, 'manifest.json'), texts.manifest)
      fill(path, outside)
      return undefined
    },
  }
}

export const pointCases: HostileCase[] = [
  manifest('the id of another point', 'refused', { points: [{ id: 'fedcba9876543210', slot: 'dated', key: 'x' }] }),
  manifest('records of another archive', 'refused', { records: { path: '.holdfast-0123456789abcdef/records.ndjson', sha256: '0'.repeat(64), lines: 1 } }),
  manifest('records that lie elsewhere', 'refused', { records: { path: '../../etc/passwd', sha256: '0'.repeat(64), lines: 1 } }),
  manifest('another number of entries', 'refused', { entries: 5 }),
  manifest('a later version', 'refused', { version: 2 }),
  manifest('a size that is less than its content', 'either', { contentBytes: 0 }),
  manifest('a root of escapes', 'restored', { root: '/x\u001b[2J\u202e\nforged line', app: 'x\u001b[2J\nforged line', host: '\u001b[2J' }),
  manifest('an application\'s name that is a path', 'restored', { app: '../../outside' }),
  manifest('patterns that take a regular expression very long', 'either', { selection: { include: [], exclude: [`${'*a'.repeat(5000)}b`, '**/'.repeat(2000)], oneFileSystem: false, cacheDirTag: true } }),
  manifest('a pattern that is none', 'either', { selection: { include: ['[', '!'], exclude: ['[z-a]'], oneFileSystem: false, cacheDirTag: true } }),
  manifest('100,000 patterns', 'either', { selection: { include: [], exclude: Array.from({ length: 100_000 }, (_, index) => `pattern${index}`), oneFileSystem: false, cacheDirTag: true } }),
  manifest('a dump that leaves the target', 'either', { databases: [{ ...facts, path: '../neighbour/file' }] }),
  manifest('a database with a name of options', 'either', { databases: [{ ...facts, name: '--defaults-file=/etc/shadow', path: 'file' }] }),
  manifest('a configuration of escapes', 'either', { config: 'apps:\n  "x\u001b[2J\nforged line":\n    root: /x\n' }),
  manifest('a configuration that is no configuration', 'either', { config: '\u001b[2J: [' }),
  manifest('a configuration that grows without end', 'either', { config: ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]', ...Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`), 'apps: *a30'].join('\n') }),
  manifest('a configuration with hooks', 'restored', { app: 'forged', config: 'apps:\n  forged:\n    root: /x\n    hooks:\n      before-restore:\n        - command: [touch, pwned]\n      after-restore:\n        - command: [touch, pwned]\n' },
    (target) => ['pwned', '../pwned', '../../pwned'].some((path) => existsSync(join(target, path))) ? 'the hook has run' : undefined),
  {
    // As if the point had been made here: then its databases would be imported.
    name: 'manifest: a secret that is a command, for a point that claims to be from here',
    expect: 'refused',
    build: ({ target, folder }) => forgedTarGz([member('file', { content: 'x' }), member('database.sql', { content: '-- x\n' })], {
      manifest: { root: target, app: 'forged', databases: [{ ...facts, path: 'database.sql' }], config: `apps:\n  forged:\n    root: ${target}\n    databases:\n      - type: mariadb\n        name: erp\n        host: 127.0.0.1\n        port: 1\n        user: x\n        password: {command: [touch, ${folder}/canary]}\n` },
    }),
  },
  manifest('50,000 tables', 'either', { databases: [{ ...facts, path: 'file', tables: Array.from({ length: 50_000 }, (_, index) => ({ name: `table${index}`, kind: 'table', rows: index })) }] }),
  { name: 'manifest: 100 MB', expect: 'refused', build: () => forgedTarGz([member('file', { content: 'x' })], { manifest: { notes: Array.from({ length: 1_000_000 }, () => ({ code: 'x', message: 'm'.repeat(70) })) } }) },
  { name: 'manifest: 100 MB of nested lists', expect: 'refused', build: () => raw(Buffer.concat([Buffer.alloc(50_000_000, '['), Buffer.alloc(50_000_000, ']')])) },
  { name: 'manifest: 30 MB of one text', expect: 'refused', build: () => raw(Buffer.from(JSON.stringify({ x: 'x'.repeat(30_000_000) }))) },
  { name: 'manifest: no JSON', expect: 'refused', build: () => raw(Buffer.from('no JSON')) },
  { name: 'manifest: of bytes that are no text', expect: 'refused', build: () => raw(Buffer.alloc(5000, 0xff)) },

  records('a path that leaves', 'refused', [record('../pwned', { content: 'x' })]),
  records('a folder that leaves', 'refused', [one, record('../neighbour', { kind: 'dir', mode: 0o777 })]),
  records('a link and a folder through it', 'refused', [one, record('l', { kind: 'symlink', linkTarget: '../..' }), record('l/outside', { kind: 'dir', mode: 0o777 })]),
  records('a hardlink to outside', 'refused', [one, record('h', { hardlinkTo: '../neighbour/file' })]),
  records('a device', 'restored', [one, record('d', { kind: 'block', rdev: [254, 0] })], { check: (target) => existsSync(join(target, 'd')) ? 'a device was made' : undefined }),
  records('attributes with escapes in their names', 'either', [{ ...one, xattrs: { 'user.\u001b[2J\nforged line': 'eA==', 'security.selinux': 'eA==', '': 'eA==' } }]),
  records('an attribute of 1 MB', 'either', [{ ...one, xattrs: { 'user.x': Buffer.alloc(1_000_000).toString('base64') } }]),
  records('a user\'s name of 1 MB', 'either', [{ ...one, user: 'u'.repeat(1_000_000), group: '../../etc/passwd' }]),
  records('a sparse map that goes back', 'either', [{ ...one, data: [[5, 10], [0, 3]] }]),
  records('a sparse map beyond the file', 'either', [{ ...one, data: [[0, 1_000_000_000_000]] }]),
  records('a size of 8 TB', 'refused', [{ ...one, size: 8e12 }]),
  records('a line of 70 MB', 'refused', [{ ...one, user: 'u'.repeat(70_000_000) }]),
  records('lines that are no JSON', 'refused', ['no JSON']),
  records('a file without content', 'refused', [record('missing')]),
  records('the same path twice', 'refused', [one, one]),
  records('its own records as content', 'either', [one, record('.holdfast-0123456789abcdef/records.ndjson')]),
  {
    name: 'records: one million empty names',
    expect: 'refused',
    build: (_, full) => forgedZip([{ name: 'a', content: Buffer.from('x') }], Array.from({ length: full ? 1_000_000 : 100_000 }, () => '{"path":"","kind":"dir","mode":493,"mtimeNs":"0"}')),
  },
  {
    name: 'records: one million folders of one name',
    expect: 'either',
    seconds: 60,
    build: (_, full) => forgedZip([], Array.from({ length: full ? 300_000 : 30_000 }, () => '{"path":"d","kind":"dir","mode":493,"mtimeNs":"0"}')),
    check: (target) => readdirSync(target).join() === 'd' ? undefined : 'it holds something else',
  },

  // Whoever moved a part of a folder elsewhere may have left a link; what it leads to must be what the records say.
  folderPoint('a file through a link to outside, with another hash', 'refused', [record('link/file', { content: 'canary outside/fil?' })], (path, outside) => symlinkSync(outside, join(path, 'link'))),
  folderPoint('a link instead of a file', 'refused', [record('file', { content: 'canary outside/file' })], (path, outside) => symlinkSync(join(outside, 'file'), join(path, 'file'))),
  folderPoint('a path that leaves', 'refused', [record('../outside/file', { content: 'canary outside/file' })]),
  folderPoint('a device instead of a file', 'refused', [record('file', { size: 10 })], (path) => symlinkSync('/dev/zero', join(path, 'file'))),
]

/** A tar whose manifest is any bytes. */
function raw(bytes: Uint8Array): Buffer {
  return gzip(Buffer.concat([
    tarMember({ name: '.holdfast-0123456789abcdef/records.ndjson' }),
    tarMember({ name: '.holdfast-0123456789abcdef/manifest.json' }, bytes),
    tarEnd,
  ]))
}
