import { isAbsolute } from 'node:path'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { elsewhere } from './elsewhere.ts'
import { readIni } from './ini-config.ts'
import { literalSecret } from './literal-secret.ts'
import { otherServer } from './other-server.ts'
import type { Preset } from './preset.ts'

// Where the packages, the containers and a plain binary keep it.
const configFiles = ['gitea/conf/app.ini', 'custom/conf/app.ini', 'conf/app.ini']

/** Gitea and Forgejo: Git repositories and a database (MariaDB, or SQLite below the folder). */
export const gitea: Preset = {
  name: 'gitea',
  detect: (folder) => settings(folder)?.values.has('database.DB_TYPE') === true,
  // Indexes and sessions are made again.
  exclude: () => ['/log/', '/gitea/log/', '/data/indexers/', '/gitea/indexers/', '/data/sessions/', '/gitea/sessions/', '/data/tmp/', '/gitea/tmp/'],
  parts: { packages: ['/data/packages/', '/gitea/packages/'], lfs: ['/data/lfs/', '/git/lfs/'] },
  dumpName: 'database.sql',
  databases(folder) {
    const { values } = settings(folder) ?? { values: new Map<string, string>() }
    if (values.get('database.DB_TYPE') !== 'mysql') return []
    const [host = '', port] = (values.get('database.HOST') ?? '').split(':')
    const password = values.get('database.PASSWD') ?? ''
    return [{
      type: 'mariadb',
      name: values.get('database.NAME') ?? 'gitea',
      ...(host.startsWith('/') ? { socket: host } : { host: host === '' ? 'localhost' : host }),
      ...(port === undefined ? {} : { port: Number(port) }),
      user: values.get('database.USER') ?? 'gitea',
      ...(password === '' ? {} : { password: literalSecret(password) }),
    }]
  },
  missing: (folder) => {
    const { file, values } = settings(folder) ?? { file: '', values: new Map<string, string>() }
    const kind = values.get('database.DB_TYPE') ?? ''
    return [
      ...(kind === 'postgres' || kind === 'mssql' ? [otherServer(file, kind)] : []),
      ...(kind === 'sqlite3' ? pathElsewhere(folder, file, 'says that the database is', values.get('database.PATH')) : []),
      ...paths.flatMap(([key, what]) => pathElsewhere(folder, file, `says by ${key} that ${what}`, values.get(key))),
    ]
  },
}

function settings(folder: ApplicationFolder): { readonly file: string; readonly values: ReadonlyMap<string, string> } | undefined {
  for (const file of configFiles) {
    const text = folder.read(file)
    if (text !== undefined) return { file, values: readIni(text) }
  }
  return undefined
}

/** Where something is kept that may lie anywhere: its keys, and what is said of it. */
const paths: readonly (readonly [string, string])[] = [
  ['repository.ROOT', 'the repositories lie in'], ['server.APP_DATA_PATH', 'its data lie in'], ['server.LFS_CONTENT_PATH', 'large files lie in'], ['lfs.PATH', 'large files lie in'],
  ['attachment.PATH', 'attachments lie in'],
]

/** The container's image calls its volume `/data`. */
function pathElsewhere(folder: ApplicationFolder, file: string, says: string, path: string | undefined): readonly Remark[] {
  return path === undefined || !isAbsolute(path) || /^\/data(?:\/|$)/.test(path) ? [] : elsewhere(folder, file, says, path)
}
