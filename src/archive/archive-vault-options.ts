import { z } from 'zod'
import { reachSchema } from '../model/reach.ts'
import { formatSchema } from '../model/restore-point.ts'
import { secretRefSchema } from '../model/secret-ref.ts'

/** How a folder of archives stands in the configuration. */
export const archiveVaultOptionsSchema = z.strictObject({
  type: z.literal('archive').describe('A folder of archives, each readable without Holdfast.'),
  place: z.string().min(1).describe('The folder that the archives lie in; relative to the configuration file. `~` is the home folder.'),
  format: formatSchema.optional().describe('The format of the archives, where the application does not choose one. Default: `tar.gz`, or `zip` with a password.'),
  reach: reachSchema.optional().describe('Where the folder lies, for tiles and for Jeedom: `local`, `network` or `cloud`. Without it, what is mounted there tells; write it where the mount may be missing at times.'),
  password: secretRefSchema.optional().describe('Encrypts the archives (zip only: WinZip AES-256), where the application has no password of its own.'),
})
