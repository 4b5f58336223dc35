import { join } from 'node:path'

/** The keys of the API over TCP, as a home keeps them: not the keys themselves, but what tells that one is right. */
export interface KeyEntry {
  readonly name: string
  readonly scope: KeyScope
  /** Of the whole key, in hexadecimal digits. */
  readonly sha256: string
  readonly createdAt: string
}

/** read: what changes nothing, that is every GET. all: everything. */
export type KeyScope = 'read' | 'all'

/** More than this is a mistake, and each costs a comparison for every request. */
export const keysMax = 256

export function keysPath(stateDirectory: string): string {
  return join(stateDirectory, 'keys.json')
}

/** null: it is no such file. */
export function parseKeys(text: string): readonly KeyEntry[] | null {
  let value: { readonly keys?: unknown } | null
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const keys = typeof value === 'object' && value !== null ? value.keys : null
  return Array.isArray(keys) && keys.length <= keysMax && keys.every(isEntry) ? keys : null
}

export function printKeys(keys: readonly KeyEntry[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`
}

/** 256 random bits: nobody guesses one, so that its plain hash tells nothing. */
export function makeKey(): string {
  return `hf_${crypto().randomBytes(32).toString('base64url')}`
}

export function hashKey(key: string): Buffer {
  return crypto().createHash('sha256').update(key).digest()
}

/** Not imported: a daemon that nobody asks over TCP is not to load it. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}

/** What is wrong with a name for a key; null: nothing. */
export function refuseKeyName(name: string): string | null {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return null
  return `'${name}' is no name for a key: letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64`
}

function isEntry(value: unknown): value is KeyEntry {
  if (typeof value !== 'object' || value === null) return false
  const { name, scope, sha256, createdAt } = value as Partial<KeyEntry>
  return (
    typeof name === 'string' &&
    refuseKeyName(name) === null &&
    (scope === 'read' || scope === 'all') &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof createdAt === 'string'
  )
}
