import type { UnitId } from '../../core/model.ts'

/**
 * The pipes by which one unit reads what another prints, by their paths: neither end is ours. Such a pipe is there from the
 * first of the two that needs it, whichever that is, until both are forgotten.
 */
export interface Links {
  has(path: string): boolean
  write(path: string): void
  /** The unit is its reader from now on. */
  read(path: string, reader: UnitId): void
  /** What is printed there is ours to read again, or the pipe is gone. */
  end(path: string): void
  /** The pipe that the unit reads. */
  inputOf(reader: UnitId): string | null
  /** Its writer is forgotten. true: somebody still reads it. */
  leaveWriting(path: string): boolean
  /** The unit is forgotten. Answers the pipe that nobody needs any more. */
  leaveReading(reader: UnitId): string | null
}

export function createLinks(): Links {
  const links = new Map<string, { hasWriter: boolean; reader: UnitId | null }>()
  const inputs = new Map<UnitId, string>()

  function linkAt(path: string): { hasWriter: boolean; reader: UnitId | null } {
    const link = links.get(path) ?? { hasWriter: false, reader: null }
    links.set(path, link)
    return link
  }

  function end(path: string): void {
    const link = links.get(path)
    if (link === undefined) return
    links.delete(path)
    if (link.reader !== null) inputs.delete(link.reader)
  }

  return {
    has: (path) => links.has(path),
    write(path) {
      linkAt(path).hasWriter = true
    },
    read(path, reader) {
      linkAt(path).reader = reader
      inputs.set(reader, path)
    },
    end,
    inputOf: (reader) => inputs.get(reader) ?? null,
    leaveWriting(path) {
      const link = links.get(path)
      if (link === undefined) return false
      if (link.reader === null) end(path)
      else link.hasWriter = false
      return link.reader !== null
    },
    leaveReading(reader) {
      const path = inputs.get(reader)
      const link = path === undefined ? undefined : links.get(path)
      if (path === undefined || link === undefined) return null
      inputs.delete(reader)
      link.reader = null
      if (link.hasWriter) return null
      end(path)
      return path
    },
  }
}
