import type { UnitId } from '../core/model.ts'
import type { EnginePort } from '../engine/ports.ts'

/** Tells why services cannot be started, once each until they can, or for another reason cannot. */
export function tellUnstarted(engine: Pick<EnginePort, 'subscribe'>, warn: (text: string) => void): void {
  const told = new Map<UnitId, string>()
  engine.subscribe(({ state }, transitions) => {
    for (const { unit: id, run, to } of transitions) {
      const end = state.units.get(id)?.end
      if (to === 'up' || end === undefined) told.delete(id)
      else if (end.kind === 'spawn-failed' && end.run === run && told.get(id) !== end.message) {
        told.set(id, end.message)
        warn(`${id} cannot be started: ${end.message}`)
      }
    }
  })
}
