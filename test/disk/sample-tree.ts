import { chownSync, closeSync, ftruncateSync, linkSync, lchownSync, mkdirSync, openSync, symlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openLibc } from '../../src/disk/libc.ts'
import { decodeName } from '../../src/disk/name-codec.ts'
import { sh } from './support.ts'

export const oddName = decodeName(Buffer.from([0x6f, 0x64, 0x64, 0xff, 0xe9]))

/** A tree with everything that a restore must bring back; needs root. */
export function makeSampleTree(root: string): void {
  mkdirSync(join(root, 'docs/deep/er'), { recursive: true })
  writeFileSync(join(root, 'docs/letter.txt'), 'hello')
  writeFileSync(join(root, 'docs/empty'), '')
  writeFileSync(join(root, 'docs/large.bin'), Buffer.alloc(1_500_000, 'large'))
  writeFileSync(join(root, 'docs/deep/er/x y\n"z"'), 'name')
  writeFileSync(join(root, 'docs/Käse 🧀'), 'utf8')
  writeFileSync(Buffer.concat([Buffer.from(join(root, 'docs/')), Buffer.from([0x6f, 0x64, 0x64, 0xff, 0xe9])]), 'odd')
  linkSync(join(root, 'docs/letter.txt'), join(root, 'docs/same.txt'))
  linkSync(join(root, 'docs/letter.txt'), join(root, 'again.txt'))
  symlinkSync('letter.txt', join(root, 'docs/link'))
  symlinkSync('/nowhere/at/all', join(root, 'dangling'))
  lchownSync(join(root, 'dangling'), 1234, 4321)
  makeSparse(join(root, 'sparse.img'))
  const hole = openSync(join(root, 'hole.img'), 'w')
  ftruncateSync(hole, 3_000_000)
  closeSync(hole)
  sh('mkfifo', 'coreutils', join(root, 'pipe'))
  sh('mknod', 'coreutils', join(root, 'null'), 'c', '1', '3')
  sh('mknod', 'coreutils', join(root, 'disk'), 'b', '259', '70000')
  chownSync(join(root, 'docs'), 33, 33)
  sh('chmod', 'coreutils', '6755', join(root, 'docs/empty'))
  sh('chmod', 'coreutils', '3775', join(root, 'docs/deep'))
  sh('chmod', 'coreutils', '0', join(root, 'docs/large.bin'))
  sh('setfattr', 'attr', '-n', 'user.note', '-v', 'kept', join(root, 'docs/letter.txt'))
  sh('setfattr', 'attr', '-n', 'user.none', join(root, 'docs/letter.txt'))
  sh('setfattr', 'attr', '-n', 'trusted.deep', '-v', 'yes', join(root, 'docs/deep'))
  sh('setfattr', 'attr', '-n', 'security.capability', '-v', '0x0100000200040000000000000000000000000000', join(root, 'docs/deep/er/x y\n"z"'))
  sh('setfacl', 'acl', '-m', 'u:33:rwx,g:44:r', join(root, 'docs/Käse 🧀'))
  sh('setfacl', 'acl', '-d', '-m', 'u:33:rwx', join(root, 'docs/deep'))
  const libc = openLibc()
  if (libc === undefined) throw new Error('this test needs node:ffi')
  libc.setTimes(join(root, 'docs/letter.txt'), { atimeNs: 1n, mtimeNs: 1_234_567_890_987_654_321n })
  libc.setTimes(join(root, 'docs/empty'), { atimeNs: undefined, mtimeNs: -1_000_000_001n })
  libc.setTimes(join(root, 'docs/deep/er'), { atimeNs: undefined, mtimeNs: 4_999_999_999_000_000_007n })
  utimesSync(join(root, 'docs'), 1000, 1000)
}

/** Data at 1 MiB and at 3 MiB, holes before, between and after; 5 MiB in all. */
export function makeSparse(path: string): void {
  const fd = openSync(path, 'w')
  writeSync(fd, Buffer.alloc(65_536, 'a'), 0, 65_536, 1 << 20)
  // Zeros that are data must stay data.
  writeSync(fd, Buffer.alloc(131_072), 0, 131_072, 3 << 20)
  ftruncateSync(fd, 5 << 20)
  closeSync(fd)
}
