import { z } from 'zod'
import { archiveVaultOptionsSchema } from '../archive/archive-vault-options.ts'
import { messageOf } from '../kit/app-error.ts'
import { durationSchema } from '../model/duration-schema.ts'
import { expectationsSchema } from '../model/expectations.ts'
import type { Moment } from '../model/hook.ts'
import { keepRulesSchema } from '../model/keep-rules.ts'
import { formatSchema, scopeSchema } from '../model/restore-point.ts'
import { secretRefSchema } from '../model/secret-ref.ts'
import { parseSchedule } from '../policy/schedule.ts'
import { jeedomOptionsSchema } from '../report/jeedom-options.ts'
import { mqttOptionsSchema } from '../report/mqtt/mqtt-options.ts'
import { notifierOptionsSchema } from '../report/notifiers/notifier-options.ts'
import { pingOptionsSchema } from '../report/ping-options.ts'
import { statusFileOptionsSchema } from '../report/status-file-options.ts'
import { containersOptionsSchema } from '../sources/containers/containers-options.ts'
import { mariadbOptionsSchema } from '../sources/databases/mariadb-options.ts'
import { sqliteOptionsSchema } from '../sources/databases/sqlite-options.ts'
import { serverOptionsSchema } from './server-options.ts'

/** Names of applications, vaults and parts: safe in file names, on command lines and in metrics. */
const nameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of at most 64 letters, digits, ".", "_" and "-", that starts with a letter or digit')
const pathSchema = z.string().min(1)
const patternsSchema = z.array(z.string().min(1))

const hookSchema = z.strictObject({
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]).describe('A line for `/bin/sh -c`, or a list: the program and its arguments. Keep secrets out of it.'),
  timeout: durationSchema.default('10m').describe('Ends the command and all that it started after this long.'),
  onError: z.enum(['fail', 'warn']).default('fail').describe('`fail` ends the run; `warn` goes on and makes it partial.'),
})

const hookListSchema = z.array(hookSchema).optional()
const hooksSchema = z.strictObject({
  'live-before': hookListSchema.describe('Before the dumps, while the application runs.'),
  'frozen': hookListSchema.describe('While what was asked for stands still, before the files are read.'),
  'after': hookListSchema.describe('After a backup that succeeded.'),
  'on-failure': hookListSchema.describe('After a run that failed.'),
  'before-restore': hookListSchema.describe('Before a restore changes anything.'),
  'after-restore': hookListSchema.describe('After a restore.'),
} satisfies Record<Moment, unknown>)

const databaseSchema = z.discriminatedUnion('type', [mariadbOptionsSchema, sqliteOptionsSchema])
export type DatabaseConfig = z.infer<typeof databaseSchema>

const scheduleSchema = z.union([
  z.string().min(1),
  z.strictObject({
    cron: z.string().min(1).describe('`hourly`, `daily` (at 03:00), `weekly`, `monthly`, or a cron line of five fields: `30 2 * * 1-5`.'),
    timezone: z.string().min(1).optional().describe('The time zone that it counts in: `Europe/Rome`. Default: the machine\'s.'),
    jitter: durationSchema.optional().describe('Begins at a random moment within this time, so that many machines do not begin at once: `15m`.'),
    catchUp: z.boolean().default(true).describe('Whether a backup whose time passed while the machine or the server was off is made once it is on again. Cron cannot do it.'),
  }),
]).superRefine((schedule, context) => {
  try {
    parseSchedule(schedule)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
})

export const appSchema = z.strictObject({
  root: pathSchema.describe('The folder that is protected; relative to the configuration file. `~` is the home folder.'),
  preset: z.string().min(1).optional().describe('The kind of application; by default it is detected.'),
  include: patternsSchema.default([]).describe('Patterns (gitignore-like) of what is saved; by default everything in `root`.'),
  exclude: patternsSchema.default([]).describe('Patterns (gitignore-like) of what is not saved.'),
  oneFileSystem: z.boolean().default(false).describe('Stay on the file system of `root`.'),
  cacheDirTag: z.boolean().default(true).describe('Leave out folders marked by a CACHEDIR.TAG.'),
  parts: z.record(nameSchema, patternsSchema.min(1)).default({}).describe('Named lists of patterns that a partial backup can leave out: `attachments: [/files/]`.'),
  databases: z.array(databaseSchema).optional().describe('The databases that belong to it; by default what the preset finds.'),
  containers: containersOptionsSchema.optional().describe('Its containers, and what is done with them while its files are read. By default they are looked for where the preset is one of containers (compose, iotstack).'),
  vaults: z.array(nameSchema).min(1).optional().describe('Where it is saved: names of `vaults`. By default all of them, or a folder of archives at `place` where there are none.'),
  format: formatSchema.optional().describe('The format of its archives. Default: the vault\'s, else `tar.gz`, or `zip` with a password.'),
  kind: z.enum(['dated', 'rolling', 'both']).default('dated').describe('`dated` points are kept by `keep`; a `rolling` one is replaced a week later.'),
  scope: scopeSchema.default('full').describe('What a backup saves when the command line does not say: all (`full`), all without `parts` (`partial`), or the databases alone (`database`).'),
  keep: keepRulesSchema.default({}).describe('Which dated restore points are kept. Without rules all are.'),
  hooks: hooksSchema.default({}).describe('Commands that run at moments of a backup or restore.'),
  expect: expectationsSchema.default({}).describe('What its status is judged against.'),
  schedule: scheduleSchema.optional().describe('When it is backed up: a cron line or name, or `{cron, timezone, jitter}`. `holdfast schedule install` makes cron or systemd keep to it.'),
  jeedom: jeedomOptionsSchema.optional().describe('A Jeedom that is told of backups and restores.'),
  ping: pingOptionsSchema.optional().describe('A check in the style of Healthchecks that the server tells of each backup, and that raises the alarm when it is not told in time.'),
  verify: z.enum(['always', 'never']).default('always').describe('Whether each new archive is read again and compared with its records.'),
  password: secretRefSchema.optional().describe('Encrypts its archives (zip only: WinZip AES-256).'),
  allowForeign: z.boolean().default(true).describe('Whether archives from outside its places may be restored into it: files that are named by their path, and what was imported from other programs. `false` refuses them.'),
})
export type AppConfig = z.infer<typeof appSchema>

const vaultSchema = z.discriminatedUnion('type', [archiveVaultOptionsSchema])
export type VaultConfig = z.infer<typeof vaultSchema>

/** holdfast.yaml. The least is `apps: {demo: {root: /srv/demo}}`. */
export const configSchema = z.strictObject({
  apps: z.record(nameSchema, appSchema).describe('The applications, by name.'),
  vaults: z.record(nameSchema, vaultSchema).default({}).describe('Where restore points are kept, by name.'),
  place: pathSchema.optional().describe('The folder for archives of applications without vaults. Default: `/var/backups/holdfast` for root, else `~/.local/share/holdfast/backups`.'),
  state: pathSchema.optional().describe('The folder for locks, journals and status. Default: `/var/lib/holdfast` for root, else `~/.local/state/holdfast`.'),
  server: serverOptionsSchema.prefault({}).describe('The server with its dashboard: `holdfast serve`.'),
  notify: z.record(nameSchema, notifierOptionsSchema).default({}).describe('Whom the server tells of failures, delays and recoveries, by name.'),
  mqtt: mqttOptionsSchema.optional().describe('An MQTT broker that the server tells how all stand; Home Assistant finds the applications there.'),
  statusFile: statusFileOptionsSchema.optional().describe('A file in which the server writes how all stand, as `GET /api/status` gives it.'),
  group: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/, 'the name of a group').optional().describe('Members of this group may run Holdfast on these applications.'),
})
export type Config = z.infer<typeof configSchema>
