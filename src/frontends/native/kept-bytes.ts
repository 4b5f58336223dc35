import type { State } from '../../core/model.ts'
import type { Snapshot } from '../../engine/ports.ts'

/** The JSON of an answer that depends on the snapshot alone, made once for each state however many ask. */
export function keptBytes(build: (snapshot: Snapshot) => object): (snapshot: Snapshot) => Uint8Array {
  // Kept as long as the state itself, which is replaced as a whole when anything changes.
  const kept = new WeakMap<State, { readonly storeTrouble: string | null; readonly bytes: Uint8Array }>()
  return (snapshot) => {
    const { state, storeTrouble } = snapshot
    const found = kept.get(state)
    if (found !== undefined && found.storeTrouble === storeTrouble) return found.bytes
    const bytes = Buffer.from(JSON.stringify(build(snapshot)))
    kept.set(state, { storeTrouble, bytes })
    return bytes
  }
}
