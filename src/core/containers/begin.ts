import { type Draft, putUnit, unitsOf } from '../draft.ts'
import type { Now } from '../model.ts'
import { unitResource } from './among.ts'
import { changeHash } from './change.ts'
import { engineOf, imagesLook, putEngine, withEntry } from './fold.ts'
import type { ContainerEngine, EngineStep, LockState } from './model.ts'

/** The step is in flight: nothing else is asked about the same thing until its outcome is known. */
export function beginEngineStep(draft: Draft, step: EngineStep, now: Now): void {
  const engine = engineOf(draft)
  const work = { step: step.kind, sinceBootMs: now.bootMs, progress: null }
  if (step.kind === 'observe-engine') {
    if (!step.look.isEverything) putEngine(draft, { ...engine, work: withEntry(engine.work, imagesLook, work) })
    else if (engine.observe !== null) putEngine(draft, { ...engine, observe: { ...engine.observe, inFlight: true } })
    return
  }
  putEngine(draft, { ...engine, work: withEntry(engine.work, step.resource, work) })
  if (step.kind === 'update-container') noteChange(draft, step, changeHash(step.id, step.settings, null))
  if (step.kind === 'rename-container') noteChange(draft, step, changeHash(step.id, null, step.name))
  if (step.kind === 'take-lock')
    beginLock(draft, step.app, { kind: 'taking', files: step.files, failures: refusals(engine, step.app) })
  if (step.kind === 'release-lock') beginLock(draft, step.app, { kind: 'releasing', files: step.files })
}

function noteChange(draft: Draft, { resource }: { readonly resource: string }, changed: string): void {
  const unit = unitsOf(draft).get(resource.slice(unitResource('').length))
  if (unit?.container !== undefined) putUnit(draft, { ...unit, container: { ...unit.container, changed } })
}

function refusals({ locks }: ContainerEngine, app: string): number {
  const lock = locks.get(app)
  return lock?.kind === 'refused' ? lock.failures : 0
}

function beginLock(draft: Draft, app: string, lock: LockState): void {
  const engine = engineOf(draft)
  putEngine(draft, { ...engine, locks: withEntry(engine.locks, app, lock) })
}
