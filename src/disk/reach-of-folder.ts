import type { Reach } from '../model/reach.ts'
import type { Mount } from './mounts.ts'
import { mountOf, readMounts } from './mounts.ts'
import { realPath } from './real-path.ts'

const network = /^(?:nfs4?|cifs|smb3|smbfs|ceph|afs|lustre|glusterfs|9p|fuse\.(?:sshfs|smbnetfs|glusterfs|curlftpfs|ceph|moosefs|mfs))$/
const cloud = /^fuse\.(?:rclone|s3fs|goofys|gcsfuse|google-drive-ocamlfuse|onedriver|dropbox|mount-s3|geesefs|blobfuse2?)$/

/** Where a folder lies: on this machine, on another one in the network, or in a cloud; by what is mounted there. A folder that is not there counts by its nearest parent. */
export function reachOfFolder(folder: string, mounts: readonly Mount[] = readMounts()): Reach {
  const found = mountOf(realPath(folder), mounts)
  if (found === undefined) return 'local'
  // WebDAV's own mounts have no kind of their own.
  if (cloud.test(found.type) || (found.type === 'fuse' && /^https?:/.test(found.source))) return 'cloud'
  return network.test(found.type) ? 'network' : 'local'
}
