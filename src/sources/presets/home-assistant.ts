import { AppError } from '../../kit/app-error.ts'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { elsewhere } from './elsewhere.ts'
import { recorderUrl } from './home-assistant-config.ts'
import { literalSecret } from './literal-secret.ts'
import { otherServer } from './other-server.ts'
import type { FoundDatabase, Preset } from './preset.ts'

const configFile = 'configuration.yaml'

/** Home Assistant's configuration folder: settings, `.storage`, and its history in SQLite or, by `recorder: db_url`, MariaDB. */
export const homeAssistant: Preset = {
  name: 'home-assistant',
  detect: (folder) => folder.has(configFile) && (folder.has('.HA_VERSION') || folder.has('.storage')),
  exclude: () => ['/backups/', '/deps/', '/tts/', '/home-assistant.log*', '/.cache/', '/.ha_run.lock'],
  parts: { history: ['/home-assistant_v2.db'] },
  dumpName: 'database.sql',
  databases(folder): readonly FoundDatabase[] {
    const url = serverUrl(recorderUrl(folder))
    if (url === undefined || !isMariadb(url)) return []
    return [{
      type: 'mariadb',
      name: decodeURIComponent(url.pathname.slice(1)),
      ...(url.hostname === '' ? {} : { host: url.hostname }),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      ...(url.searchParams.has('unix_socket') ? { socket: url.searchParams.get('unix_socket') ?? '' } : {}),
      user: decodeURIComponent(url.username),
      ...(url.password === '' ? {} : { password: literalSecret(decodeURIComponent(url.password)) }),
    }]
  },
  missing(folder) {
    try {
      const text = recorderUrl(folder)
      const url = serverUrl(text)
      if (url !== undefined) return isMariadb(url) ? [] : [otherServer(configFile, url.protocol.replace(/[:+].*/, ''))]
      return text === undefined ? [] : fileElsewhere(folder, text)
    } catch (error) {
      // It is refused by `databases`, unless the user names them.
      if (error instanceof AppError && error.code === 'source.unreadable') return []
      throw error
    }
  },
}

function isMariadb(url: URL): boolean {
  return /^(?:mysql|mariadb)(?:\+\w+)?:$/.test(url.protocol)
}

/** Undefined for SQLite. @throws AppError `source.unreadable` where it cannot be understood. */
function serverUrl(text: string | undefined): URL | undefined {
  if (text === undefined || /^sqlite(?:\+\w+)?:/.test(text)) return undefined
  if (URL.canParse(text)) return new URL(text)
  throw new AppError('source.unreadable', `The recorder's db_url in ${configFile} cannot be understood`, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]).' })
}

/** Four slashes begin an absolute path; the container calls the root `/config`. */
function fileElsewhere(folder: ApplicationFolder, url: string): readonly Remark[] {
  const path = /^[^:]+:\/\/\/(?<path>[^?]+)/.exec(url)?.groups?.['path']
  return path === undefined || path.startsWith('/config/') ? [] : elsewhere(folder, configFile, "says that the recorder's database is", path)
}
