import { AppError } from '../../kit/app-error.ts'
import { literalSecret } from './literal-secret.ts'
import type { FoundDatabase } from './preset.ts'
import type { PhpValue } from './php-value.ts'

type Fields = { readonly name: PhpValue; readonly host: PhpValue; readonly port?: PhpValue; readonly socket?: PhpValue; readonly user: PhpValue; readonly password: PhpValue }

/**
 * The MariaDB database that an application's PHP configuration means, none where it names none: a host may be `name:port` or `name:/socket`.
 * @throws AppError `source.unreadable` where a value is there and is no literal: without it the wrong database, or none, would be saved.
 */
export function phpDatabase(file: string, fields: Fields): readonly FoundDatabase[] {
  const name = text(file, 'name', fields.name)
  if (name === '') return []
  const [host, port, socket] = [text(file, 'host', fields.host), text(file, 'port', fields.port), text(file, 'socket', fields.socket)]
  const [user, password] = [text(file, 'user', fields.user), text(file, 'password', fields.password)]
  if (user === '') throw unreadable(`${file} names a database and no user for it`)
  const [, plainHost = '', ownPort, ownSocket] = /^(.*?)(?::(?:(\d+)|(\/.*)))?$/.exec(host) ?? []
  const chosenSocket = socket !== '' ? socket : ownSocket
  const chosenPort = ownPort ?? (port === '' ? undefined : port)
  return [{
    type: 'mariadb',
    name,
    ...(plainHost === '' ? {} : { host: plainHost }),
    ...(chosenPort === undefined || Number(chosenPort) === 0 ? {} : { port: Number(chosenPort) }),
    ...(chosenSocket === undefined ? {} : { socket: chosenSocket }),
    user,
    ...(password === '' ? {} : { password: literalSecret(password) }),
  }]
}

/** Empty where it is not there. */
function text(file: string, what: string, value: PhpValue): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw unreadable(`The database's ${what} in ${file} is not a plain text`)
}

function unreadable(message: string): AppError {
  return new AppError('source.unreadable', message, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]).' })
}
