/** What the driver remembers of earlier looks and steps, so that it can tell what an event of the engine concerns. */
export interface Memory {
  /** Ids of containers that are ours, or taken over. */
  readonly containers: Set<string>
  /** Ids of those that were verified to have all labels of a set to be taken over. */
  readonly adopted: Set<string>
  /** References that were asked for. */
  readonly references: Set<string>
  /** The label sets of those to be taken over. */
  adopts: readonly Readonly<Record<string, string>>[]
}

export function emptyMemory(): Memory {
  return { containers: new Set(), adopted: new Set(), references: new Set(), adopts: [] }
}
