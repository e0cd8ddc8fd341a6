/**
 * Every error code with the exit status of the command that it ends, and the anchor in docs/reference/errors.md.
 * Exit statuses are restic's where they mean the same: 0 ok, 1 failed, 3 partial, 10 no repository, 11 locked,
 * 12 wrong password, 130 interrupted.
 */
export const errorCodes = {
  'usage': 1,
  'internal': 1,
  'interrupted': 130,
  'platform.unsupported': 1,
  'config.invalid': 1,
  'config.missing': 1,
  'config.unsafe': 1,
  'config.secret': 1,
  'app.unknown': 1,
  'app.ambiguous': 1,
  'source.missing': 1,
  'source.unreadable': 1,
  'source.selection': 1,
  'database.unreachable': 1,
  'database.client': 1,
  'database.dump': 1,
  'database.import': 1,
  'process.missing': 1,
  'process.failed': 1,
  'process.timeout': 1,
  'hook.failed': 1,
  'hook.untrusted': 1,
  'lock.held': 11,
  'state.denied': 1,
  'state.unfinished-restore': 1,
  'vault.missing': 10,
  'vault.empty': 1,
  'vault.unknown-point': 1,
  'vault.ambiguous-point': 1,
  'vault.protected': 1,
  'archive.damaged': 1,
  'archive.foreign': 1,
  'archive.password': 12,
  'archive.encryption': 1,
  'archive.unsafe': 1,
  'archive.too-large': 1,
  'storage.full': 1,
  'storage.denied': 1,
  'storage.exists': 1,
  'storage.missing': 1,
  'storage.failed': 1,
  'restore.target': 1,
  'restore.space': 1,
  'restore.failed': 1,
  'restore.rolled-back': 1,
  'restore.confirm': 1,
} as const satisfies Record<string, number>

export type ErrorCode = keyof typeof errorCodes

/** The exit status of a command that ends with this error. */
export function exitStatusOf(code: ErrorCode): number {
  return errorCodes[code]
}
