import type { ContainerEngine, KeptOfEngine } from './model.ts'

export const nothingKept: KeptOfEngine = { ownImages: {}, pulling: {}, purges: {}, pulledFor: {}, takenLocks: {} }

/** Nothing was asked of any engine yet. */
export function unknownEngine(kept: KeptOfEngine = nothingKept): ContainerEngine {
  return {
    status: { kind: 'unknown' },
    observe: { why: 'not looked at yet', inFlight: false, dueBootMs: 0, failures: 0 },
    isKnown: false,
    containers: new Map(),
    images: new Map(),
    networks: new Map(),
    volumes: new Map(),
    work: new Map(),
    troubles: new Map(),
    seen: new Map(),
    lookedBootMs: 0,
    locks: new Map(),
    overridden: new Set(),
    kept,
  }
}
