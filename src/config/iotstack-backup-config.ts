import { readFile, stat } from 'node:fs/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { printable } from '../kit/printable.ts'
import type { appSchema } from './config-schema.ts'
import { parseYaml } from './parse-yaml.ts'

const largestBytes = 64 * 1024

/** `~/.config/iotstack_backup/config.yml` of IOTstackBackup; what else stands in it is none of ours. */
const schema = z.object({
  backup: z.object({
    method: z.string().transform((method) => method.toUpperCase()).pipe(z.enum(['SCP', 'RSYNC', 'RCLONE', 'LOCAL'])),
    prefix: z.string().min(1),
    options: z.union([z.string(), z.number()]).optional(),
    retain: z.int().nonnegative().optional(),
  }),
})

/** An application as IOTstackBackup's configuration means it. */
export type IotstackBackupConfig = {
  readonly name: string
  readonly app: z.input<typeof appSchema>
  /** The same as a part of holdfast.yaml, with comments on what has no counterpart. */
  readonly text: string
  readonly notes: readonly string[]
}

/** Undefined for a file that is something else. @throws AppError `storage.denied`. */
export async function readIotstackBackupConfig(file: string, root: string): Promise<IotstackBackupConfig | undefined> {
  const text = await smallText(file)
  if (text === undefined || !/^backup\s*:/m.test(text)) return undefined
  const parsed = parseYaml(text)
  const config = 'value' in parsed ? schema.safeParse(parsed.value).data?.backup : undefined
  if (config === undefined) return undefined
  const app = { root, preset: 'iotstack', ...(config.retain === undefined || config.retain === 0 ? {} : { keep: { last: config.retain } }) }
  const options = config.options === undefined ? '' : `, options ${printable(String(config.options))}`
  const notes = [
    config.method === 'LOCAL'
      ? `Backups went to ${printable(config.prefix)}: name it with --to, or as a vault's place.`
      : `Backups went to ${printable(config.prefix)} by ${config.method}${options}: other machines as destinations come with a later version. Until then only the copy on this machine is kept.`,
    ...(config.retain === undefined ? [] : config.retain === 0 ? ['retain 0: all restore points are kept.'] : []),
  ]
  const comments = ['From the configuration of IOTstackBackup.', ...notes].map((note) => `# ${note}\n`).join('')
  return { name: 'iotstack', app, text: `${comments}${stringify({ apps: { iotstack: app } }, { lineWidth: 0 })}`, notes }
}

async function smallText(file: string): Promise<string | undefined> {
  try {
    const stats = await stat(file)
    return stats.isFile() && stats.size <= largestBytes ? await readFile(file, 'utf8') : undefined
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return undefined
    throw new AppError('storage.denied', `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
