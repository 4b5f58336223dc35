import type { FileHandle } from 'node:fs/promises'

/**
 * The files that readers have open. However many logs are read at once, they leave the daemon its descriptors: beyond
 * the limit the longest unused is closed, and opened again when it is needed.
 */
export interface Handles {
  /** Takes over an open file. */
  keep(owner: object, handle: FileHandle): void
  /** Does something with the file of `owner`, which `open` opens again where it was closed. null: it is gone. */
  use<T>(
    owner: object,
    open: () => Promise<FileHandle | null>,
    work: (handle: FileHandle) => Promise<T>,
  ): Promise<T | null>
  drop(owner: object): Promise<void>
}

interface Entry {
  readonly handle: FileHandle
  users: number
}

/** One reader of one log has a handful. */
export const handlesMax = 256

export function createHandles(max = handlesMax): Handles {
  // The longest unused first.
  const entries = new Map<object, Entry>()

  function enter(owner: object, handle: FileHandle): Entry {
    const entry = { handle, users: 0 }
    entries.set(owner, entry)
    return entry
  }

  async function shrink(): Promise<void> {
    for (const [owner, entry] of entries) {
      if (entries.size <= max) return
      if (entry.users > 0) continue
      entries.delete(owner)
      await entry.handle.close()
    }
  }

  return {
    keep(owner, handle) {
      enter(owner, handle)
    },
    async use(owner, open, work) {
      let entry = entries.get(owner)
      if (entry === undefined) {
        const handle = await open()
        if (handle === null) return null
        entry = enter(owner, handle)
      } else {
        entries.delete(owner)
        entries.set(owner, entry)
      }
      entry.users++
      try {
        await shrink()
        return await work(entry.handle)
      } finally {
        entry.users--
      }
    },
    async drop(owner) {
      const entry = entries.get(owner)
      entries.delete(owner)
      await entry?.handle.close()
    },
  }
}
