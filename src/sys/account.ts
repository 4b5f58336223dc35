import koffi from 'koffi'
import { type ByteText, toCString } from './byte-text.ts'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** What a search in the user database came to. `failed`: a source of it could not be read. */
export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly errno: Errno }

export interface AccountIds {
  readonly uid: number
  readonly gid: number
}

export function findAccount(name: ByteText): Found<AccountIds> {
  return search(getpwnam, name, (entry) => {
    // struct passwd: two pointers, then both numbers.
    const [uid = 0, gid = 0] = new Uint32Array(koffi.view(entry, 24), 16)
    return { uid, gid }
  })
}

export function findGroup(name: ByteText): Found<number> {
  // struct group: two pointers, then the number.
  return search(getgrnam, name, (entry) => new Uint32Array(koffi.view(entry, 24), 16)[0] ?? 0)
}

function search<T>(lookUp: (name: Buffer) => unknown, name: ByteText, decode: (entry: unknown) => T): Found<T> {
  // Nothing found is no error, and then errno stays what it was.
  koffi.errno(0)
  const entry = lookUp(toCString(name))
  if (entry !== null) return { kind: 'found', value: decode(entry) }
  return koffi.errno() === 0 ? { kind: 'unknown' } : { kind: 'failed', errno: lastErrno() }
}

const getpwnam = bind<(name: Buffer) => unknown>('void *getpwnam(uint8_t *)')
const getgrnam = bind<(name: Buffer) => unknown>('void *getgrnam(uint8_t *)')
