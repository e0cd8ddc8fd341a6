import { isScalar, parseDocument } from 'yaml'
import { AppError } from '../../kit/app-error.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { literalSecret } from './literal-secret.ts'
import { otherServer } from './other-server.ts'
import type { Preset } from './preset.ts'

const configFile = 'configuration.yaml'

/** Home Assistant's configuration folder: settings, `.storage`, and its history in SQLite or, by `recorder: db_url`, MariaDB. */
export const homeAssistant: Preset = {
  name: 'home-assistant',
  detect: (folder) => folder.has(configFile) && (folder.has('.HA_VERSION') || folder.has('.storage')),
  exclude: () => ['/backups/', '/deps/', '/tts/', '/home-assistant.log*', '/.cache/', '/.ha_run.lock'],
  parts: { history: ['/home-assistant_v2.db'] },
  dumpName: 'database.sql',
  databases(folder) {
    const url = recorderUrl(folder)
    if (url === undefined || !isMariadb(url)) return []
    return [{
      type: 'mariadb',
      name: decodeURIComponent(url.pathname.slice(1)),
      host: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      ...(url.searchParams.has('unix_socket') ? { socket: url.searchParams.get('unix_socket') ?? '' } : {}),
      user: decodeURIComponent(url.username),
      ...(url.password === '' ? {} : { password: literalSecret(decodeURIComponent(url.password)) }),
    }]
  },
  missing(folder) {
    const url = recorderUrl(folder)
    return url === undefined || isMariadb(url) || url.protocol.startsWith('sqlite') ? [] : [otherServer(configFile, url.protocol.replace(/[:+].*/, ''))]
  },
}

function isMariadb(url: URL): boolean {
  return /^(?:mysql|mariadb)(?:\+\w+)?:$/.test(url.protocol)
}

/** `recorder: db_url`, also by `!secret`. @throws AppError `source.unreadable` where it cannot be understood. */
function recorderUrl(folder: ApplicationFolder): URL | undefined {
  const node: unknown = parseDocument(folder.read(configFile) ?? '', { logLevel: 'silent' }).getIn(['recorder', 'db_url'], true)
  if (!isScalar(node) || typeof node.value !== 'string') return undefined
  const text: unknown = node.tag === '!secret' ? parseDocument(folder.read('secrets.yaml') ?? '', { logLevel: 'silent' }).get(node.value) : node.value
  if (typeof text !== 'string' || !URL.canParse(text)) {
    throw new AppError('source.unreadable', `The recorder's db_url in ${configFile} cannot be understood`, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]).' })
  }
  return new URL(text)
}
