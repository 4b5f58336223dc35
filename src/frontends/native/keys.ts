import { readFileSync, type Stats, statSync } from 'node:fs'
import { errnoOf } from '../../sys/errno.ts'
import { hashKey, type KeyEntry, keysPath, parseKeys } from '../../wire/keys.ts'

export interface Keys {
  /** Whose key this is; null: nobody's. */
  find(key: string): KeyEntry | null
}

/** The keys of a home, read again when their file changed. A file that cannot be trusted or read is as good as none. */
export function openKeys(stateDirectory: string, warn: (text: string) => void): Keys {
  const path = keysPath(stateDirectory)
  let seen = ''
  let keys: readonly KeyEntry[] = []

  function look(): readonly KeyEntry[] {
    const stats = statSync(path, { throwIfNoEntry: false })
    const sight = stats === undefined ? '' : [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, stats.mode].join(' ')
    if (sight === seen) return keys
    seen = sight
    keys = stats === undefined ? [] : read(path, stats, warn)
    return keys
  }

  return {
    find(key) {
      // Not imported, so that a daemon without keys does not load it.
      const { timingSafeEqual } = process.getBuiltinModule('node:crypto')
      const hash = hashKey(key)
      let found: KeyEntry | null = null
      // All of them, and to the end: how long it takes tells nothing.
      for (const entry of look()) if (timingSafeEqual(Buffer.from(entry.sha256, 'hex'), hash)) found = entry
      return found
    },
  }
}

function read(path: string, stats: Stats, warn: (text: string) => void): readonly KeyEntry[] {
  if ((stats.mode & othersMayWrite) !== 0) {
    warn(`${path} can be written by others, so no key counts; make it yours alone: chmod 600 ${path}`)
    return []
  }
  try {
    const keys = parseKeys(readFileSync(path, 'utf8'))
    if (keys !== null) return keys
    warn(`${path} is damaged, so no key counts; remove it, and add keys with: holdfast config key add NAME`)
  } catch (error) {
    warn(`${path} cannot be read (${errnoOf(error)}), so no key counts`)
  }
  return []
}

const othersMayWrite = 0o022
