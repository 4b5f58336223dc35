import { type Draft, putUnit, removeUnit, unitsOf } from '../draft.ts'
import type { Now, Unit, UnitId } from '../model.ts'
import { newUnit } from '../unit/new-unit.ts'
import { outgoingId } from './among.ts'
import type { UpdateStrategy } from './model.ts'

/**
 * A hand-over: the old container goes on under another unit id until the new one says that it has taken over (by a file), is
 * healthy, or the time for that is over. Only then is it ended, as one that is not declared any more.
 */

export function handOverResource(unit: UnitId): string {
  return `hand-over:${unit}`
}

/** The unit goes on as one that hands over, and its slot begins anew. */
export function splitForHandOver(draft: Draft, unit: Unit, why: string, now: Now): void {
  if (unit.container === undefined) return
  const oldId = outgoingId(unit.id)
  const container = { ...unit.container, handsOverTo: unit.id, isHandedOver: false }
  const { container: _old, ...slot } = unit
  const fresh = newUnit(unit.id, unit.spec, now)
  removeUnit(draft, unit.id)
  putUnit(draft, { ...slot, id: oldId, container, isDeclared: false, reason: `hands over: ${why}` })
  putUnit(draft, {
    ...fresh,
    want: unit.want,
    job: unit.job,
    lastRun: unit.lastRun,
    reason: `takes over from ${oldId}: ${why}`,
  })
}

/** The new one said so by its file, or that is not waited for any longer. */
export function foldHandedOver(draft: Draft, resource: string): void {
  const old = unitsOf(draft).get(outgoingId(resource.slice(handOverResource('').length)))
  if (old?.container === undefined) return
  putUnit(draft, { ...old, container: { ...old.container, isHandedOver: true } })
}

/** Healthy is enough; a start that failed for want of what the old one holds ends the wait, and so does the time. */
export function advanceHandOver(draft: Draft, old: Unit, now: Now): void {
  const heir = old.container?.handsOverTo == null ? undefined : unitsOf(draft).get(old.container.handsOverTo)
  if (old.container === undefined || heir === undefined || old.container.isHandedOver) return
  const strategy = strategyOf(heir)
  const dueBootMs = handOverDueBootMs(heir)
  const isDue = dueBootMs !== null && dueBootMs <= now.bootMs
  const isHealthy = heir.phase === 'up' && heir.health?.readiness?.status === 'healthy'
  const isRefused = heir.end.kind === 'spawn-failed' && heir.run === null
  // Another strategy by now: whoever declared it does not want to wait.
  if (strategy !== null && !isDue && !isHealthy && !isRefused) return
  putUnit(draft, { ...old, container: { ...old.container, isHandedOver: true } })
}

function strategyOf({ spec }: Unit): Extract<UpdateStrategy, { kind: 'hand-over' }> | null {
  const strategy = spec.container?.strategy
  return strategy?.kind === 'hand-over' ? strategy : null
}

/** The time counts from when the new one runs. */
export function handOverDueBootMs(heir: Unit): number | null {
  const strategy = strategyOf(heir)
  return strategy === null || heir.phase !== 'up' ? null : heir.sinceBootMs + strategy.timeoutMs
}
