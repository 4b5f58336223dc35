import type { Draft } from '../draft.ts'
import { lockResource } from './among.ts'
import { engineOf, pulledAgain, putEngine, withEntry, without } from './fold.ts'

/** Apps whose locks are to be overridden, from now on and at once. */
export function overrideLocks(draft: Draft, apps: readonly string[]): void {
  const engine = engineOf(draft)
  let { locks } = engine
  for (const app of apps) if (locks.get(app)?.kind === 'refused') locks = withEntry(locks, app, { kind: 'free' })
  let { troubles } = engine
  for (const app of apps) troubles = without(troubles, lockResource(app))
  putEngine(draft, { ...engine, locks, troubles, overridden: new Set([...engine.overridden, ...apps]) })
}

/** Somebody asks for something now: whether the locks of these apps are still held is looked at again at once. */
export function askLocksAgain(draft: Draft, apps: Iterable<string>): void {
  const engine = engineOf(draft)
  let { locks, troubles } = engine
  for (const app of apps) {
    if (locks.get(app)?.kind !== 'refused' || engine.work.has(lockResource(app))) continue
    locks = withEntry(locks, app, { kind: 'free' })
    troubles = without(troubles, lockResource(app))
  }
  if (locks !== engine.locks) putEngine(draft, { ...engine, locks, troubles })
}

/** What these volumes hold is to be removed for good. */
export function purgeVolumes(draft: Draft, volumes: readonly string[], by: string): void {
  const engine = engineOf(draft)
  const purges = { ...engine.kept.purges }
  for (const volume of volumes) purges[volume] = by
  putEngine(draft, { ...engine, kept: { ...engine.kept, purges } })
}

/** They were loaded for what is declared: nothing has to be pulled for it, and they are ours to remove. */
export function ownImages(draft: Draft, images: Readonly<Record<string, string>>): void {
  const engine = engineOf(draft)
  const ownImages = { ...engine.kept.ownImages, ...images }
  let { pulledFor } = engine.kept
  for (const reference of Object.keys(images)) {
    for (const app of Object.keys(draft.state.target.apps)) pulledFor = pulledAgain(pulledFor, app, reference, draft)
  }
  putEngine(draft, { ...engine, kept: { ...engine.kept, ownImages, pulledFor } })
}
