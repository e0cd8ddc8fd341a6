import { sessionMs } from './sessions.ts'

const secretText = /^[A-Za-z0-9_-]{43}$/

/**
 * Over HTTPS the prefix `__Host-` binds the cookie to this very host (RFC 6265bis, 4.1.3.2): no other host of the domain and
 * nobody on plain HTTP can set it. On plain HTTP browsers refuse that name.
 */
function nameOf(secure: boolean): string {
  return secure ? '__Host-holdfast' : 'holdfast'
}

/** The session's text in a request, from the cookie of this kind of connection alone. */
export function sessionOf(request: Request, secure: boolean): string | undefined {
  const name = nameOf(secure)
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2)
    if (key === name && secretText.test(value)) return value
  }
  return undefined
}

/** The value of Set-Cookie for a session; without a text, the one that takes it away. `basePath` ends with a slash. */
export function sessionCookie(text: string | undefined, secure: boolean, basePath: string): string {
  // `__Host-` demands the path `/`.
  const where = secure ? 'Path=/; Secure' : `Path=${basePath}`
  return `${nameOf(secure)}=${text ?? ''}; ${where}; HttpOnly; SameSite=Strict; Max-Age=${text === undefined ? 0 : sessionMs / 1000}`
}
