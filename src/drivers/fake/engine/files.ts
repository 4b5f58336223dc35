/** Files of the host that containers, their users and the daemon make: locks, and signs that something is done. */
export interface Files {
  /** Who made it; null: there is none. */
  ownerOf(file: string): string | null
  /** False: there is one already. */
  make(file: string, owner: string): boolean
  remove(file: string): void
  all(): ReadonlyMap<string, string>
  clear(): void
}

export function createFiles(): Files {
  const owners = new Map<string, string>()
  return {
    ownerOf: (file) => owners.get(file) ?? null,
    make(file, owner) {
      if (owners.has(file)) return false
      owners.set(file, owner)
      return true
    },
    remove: (file) => void owners.delete(file),
    all: () => owners,
    clear: () => owners.clear(),
  }
}
