import type { Draft } from '../draft.ts'
import type { Now } from '../model.ts'
import { changeHash } from './change.ts'
import { engineOf, imagesLook, putEngine, withEntry } from './fold.ts'
import type { ContainerEngine, EngineStep, LockState, Work } from './model.ts'

/** The step is in flight: nothing else is asked about the same thing until its outcome is known. */
export function beginEngineStep(draft: Draft, step: EngineStep, now: Now): void {
  const engine = engineOf(draft)
  const work: Work = { step: step.kind, sinceBootMs: now.bootMs, progress: null, ...changedBy(step) }
  if (step.kind === 'observe-engine') {
    if (!step.look.isEverything) putEngine(draft, { ...engine, work: withEntry(engine.work, imagesLook, work) })
    else if (engine.observe !== null) putEngine(draft, { ...engine, observe: { ...engine.observe, inFlight: true } })
    return
  }
  putEngine(draft, { ...engine, work: withEntry(engine.work, step.resource, work) })
  if (step.kind === 'pull') beginPull(draft, step.image)
  if (step.kind === 'take-lock') beginTaking(draft, step.app, step.files)
  if (step.kind === 'release-lock') beginLock(draft, step.app, { kind: 'releasing' })
}

function changedBy(step: EngineStep): Pick<Work, 'changed'> {
  switch (step.kind) {
    case 'update-container':
      return { changed: changeHash(step.id, step.settings, null) }
    case 'rename-container':
      return { changed: changeHash(step.id, null, step.name) }
    default:
      return {}
  }
}

/** What is there already, and not ours, does not become ours. */
function beginPull(draft: Draft, reference: string): void {
  const engine = engineOf(draft)
  const { ownImages, pulling } = engine.kept
  const own = ownImages[reference] ?? (engine.images.get(reference) === null ? '' : undefined)
  if (own === undefined) return
  putEngine(draft, { ...engine, kept: { ...engine.kept, pulling: { ...pulling, [reference]: own } } })
}

function beginTaking(draft: Draft, app: string, files: readonly string[]): void {
  const engine = engineOf(draft)
  const takenLocks = { ...engine.kept.takenLocks, [app]: files }
  putEngine(draft, { ...engine, kept: { ...engine.kept, takenLocks } })
  beginLock(draft, app, { kind: 'taking', failures: refusals(engine, app) })
}

function refusals({ locks }: ContainerEngine, app: string): number {
  const lock = locks.get(app)
  return lock?.kind === 'refused' ? lock.failures : 0
}

function beginLock(draft: Draft, app: string, lock: LockState): void {
  const engine = engineOf(draft)
  putEngine(draft, { ...engine, locks: withEntry(engine.locks, app, lock) })
}
