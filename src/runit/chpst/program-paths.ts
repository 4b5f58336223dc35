import type { ByteText } from '../../sys/byte-text.ts'
import type { Errno } from '../../sys/errno.ts'

/** Where a program is looked for. `search`: the value of PATH. */
export function programPaths(program: ByteText, search: ByteText | null): readonly ByteText[] {
  if (program.includes('/')) return [program]
  return (search ?? searchByDefault).split(':').map((folder) => `${folder || '.'}/${program}`)
}

const searchByDefault = '/bin:/usr/bin'

/**
 * Tries one place after the other and answers what runit calls the reason why none would do: the first one that ends the
 * search, else the last one that was not just a missing file.
 */
export function tryEach<T>(places: readonly T[], attempt: (place: T) => Errno): Errno {
  let reason: Errno = 'ENOENT'
  for (const place of places) {
    const errno = attempt(place)
    if (errno === 'ENOENT') continue
    reason = errno
    if (!goesOn.has(errno)) break
  }
  return reason
}

const goesOn: ReadonlySet<Errno> = new Set<Errno>(['EACCES', 'EPERM', 'EISDIR'])
