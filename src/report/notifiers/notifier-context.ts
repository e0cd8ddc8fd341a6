import type { Lookup } from '../../kit/guarded-fetch.ts'
import type { SecretReader } from '../../model/secret-reader.ts'

/** What notifiers are opened with. */
export type NotifierContext = {
  readonly readSecret: SecretReader
  readonly now: () => Date
  /** In the place of the system's look-up of names. */
  readonly lookup?: Lookup
}
