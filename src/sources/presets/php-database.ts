import { AppError } from '../../kit/app-error.ts'
import { literalSecret } from './literal-secret.ts'
import type { FoundDatabase } from './preset.ts'
import type { PhpValue } from './php-config.ts'

type Fields = { readonly name: PhpValue; readonly host?: PhpValue; readonly port?: PhpValue; readonly socket?: PhpValue; readonly user: PhpValue; readonly password: PhpValue }

/**
 * The MariaDB database that an application's PHP configuration means: a host may be `name:port` or `name:/socket`.
 * @throws AppError `source.unreadable` where a value is not a literal: without it the wrong database, or none, would be saved.
 */
export function phpDatabase(file: string, fields: Fields): FoundDatabase {
  const { name, host, port, socket, user, password } = fields
  const known = { name: text(file, 'name', name), host: text(file, 'host', host ?? ''), port: text(file, 'port', port ?? ''), socket: text(file, 'socket', socket ?? ''), user: text(file, 'user', user), password: text(file, 'password', password ?? '') }
  const [, plainHost = '', ownPort, ownSocket] = /^(.*?)(?::(?:(\d+)|(\/.*)))?$/.exec(known.host) ?? []
  const chosenSocket = known.socket !== '' ? known.socket : ownSocket
  const chosenPort = ownPort ?? (known.port === '' ? undefined : known.port)
  return {
    type: 'mariadb',
    name: known.name,
    ...(plainHost === '' ? {} : { host: plainHost }),
    ...(chosenPort === undefined || Number(chosenPort) === 0 ? {} : { port: Number(chosenPort) }),
    ...(chosenSocket === undefined ? {} : { socket: chosenSocket }),
    user: known.user,
    ...(known.password === '' ? {} : { password: literalSecret(known.password) }),
  }
}

function text(file: string, what: string, value: PhpValue): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new AppError('source.unreadable', `The database's ${what} in ${file} is not a plain text`, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]).' })
}
