import { z } from 'zod'
import type { ChildOptions } from '../../kit/child.ts'
import type { Secret } from '../../kit/secret.ts'
import { secretRefSchema } from '../../model/secret-ref.ts'

const tlsSchema = z.union([
  z.literal(false).describe('Never use TLS.'),
  z.strictObject({
    ca: z.string().min(1).optional().describe('File with the certificates of those who may have signed the server\'s, in PEM.'),
    cert: z.string().min(1).optional().describe('File with our own certificate, in PEM.'),
    key: z.string().min(1).optional().describe('File with our own key, in PEM.'),
    verify: z.boolean().optional().describe('Whether the server\'s certificate must be valid for its name.'),
  }),
])

export const mariadbOptionsSchema = z.strictObject({
  type: z.literal('mariadb'),
  name: z.string().min(1).max(64).optional().describe('The database. Presets find it in the application\'s own configuration.'),
  host: z.string().min(1).optional(),
  port: z.int().min(1).max(65_535).optional(),
  socket: z.string().min(1).optional().describe('Path of the server\'s socket; goes before host and port.'),
  user: z.string().min(1).optional().describe('Without user, password, host and socket the client program\'s own option files apply.'),
  password: secretRefSchema.optional(),
  tls: tlsSchema.optional(),
  dumpName: z.string().min(1).optional().describe('Path of the dump in the restore point: database.sql unless told.'),
  skipTables: z.array(z.string().min(1)).optional().describe('Tables and views that are left out; * stands for any characters.'),
  skipTableData: z.array(z.string().min(1)).optional().describe('Tables that are saved without their rows; * stands for any characters.'),
  lockTables: z.boolean().optional().describe('Lock all tables while the dump is taken. Unless told: only where a table has no transactions (MyISAM, Aria, …).'),
})
type MariadbOptions = z.infer<typeof mariadbOptionsSchema>

/** Where the client programs run, if not here: in a container. */
export interface ProgramRunner {
  /** The first of these programs that is there. */
  find(names: readonly string[], signal: AbortSignal): Promise<string | undefined>
  /** What the program tells of its options. */
  help(program: string, signal: AbortSignal): Promise<string>
  /** As childOutput of kit; the program reads this option file after its usual ones. */
  output(program: string, args: readonly string[], optionFile: string, child: Pick<ChildOptions, 'signal' | 'stdin' | 'onStderrLine'>): AsyncGenerator<Uint8Array, void, undefined>
}

/** The options once config has resolved the password. */
export type OpenMariadbOptions = Omit<MariadbOptions, 'password'> & { readonly password?: Secret; readonly runner?: ProgramRunner }
