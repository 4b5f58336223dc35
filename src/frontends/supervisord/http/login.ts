import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'

/**
 * What is wrong with an Authorization header for this login: 400, it cannot be read; 401, it is not this login. null: nothing,
 * or nobody is asked. How long it takes tells nothing about the login.
 */
export function checkLogin(login: HttpServerSettings['login'], header: string | undefined): 400 | 401 | null {
  if (login === null) return null
  const [, scheme, encoded] = /^([^ ]+) +(.*)$/.exec(header ?? '') ?? []
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return 401
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return 400
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon === -1) return 400
  const isUser = isSame(decoded.slice(0, colon), login.username)
  const isPassword = isPasswordOf(login.password, decoded.slice(colon + 1))
  return isUser && isPassword ? null : 401
}

function isPasswordOf(declared: string, password: string): boolean {
  if (!declared.startsWith(sha)) return isSame(password, declared)
  return isSame(hash('sha1', password).toString('hex'), declared.slice(sha.length))
}

const sha = '{SHA}'

/** Hashed first, since only what has one length can be compared in one time. */
export function isSame(one: string, other: string): boolean {
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto')
  return timingSafeEqual(hash('sha256', one), hash('sha256', other))
}

function hash(algorithm: 'sha1' | 'sha256', text: string): Buffer {
  return process.getBuiltinModule('node:crypto').createHash(algorithm).update(text).digest()
}
