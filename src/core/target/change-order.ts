import type { App, Service, Target } from '../model.ts'
import { neededKey } from './units.ts'

/** `app/service`. */
type Key = string

/** These together, as soon as what they wait for in the steps before is done. */
export interface ChangeStep {
  readonly act: 'stop' | 'start'
  readonly services: readonly Key[]
}

/**
 * What is stopped and started, in steps: each waits for what the steps before have of its dependants, in a stop, or its
 * dependencies, in a start. `before` and `after`: what is declared then.
 */
export function changeOrder(change: {
  readonly stops: ReadonlySet<Key>
  readonly starts: ReadonlySet<Key>
  readonly before: Target
  readonly after: Target
}): readonly ChangeStep[] {
  const { stops, starts } = change
  // What stays declared is stopped by its new dependencies, what does not by those it had.
  const needs = new Map([...needsIn(change.before), ...needsIn(change.after)])
  const dependants = (key: Key): readonly Key[] => [...stops].filter((other) => needs.get(other)?.includes(key))
  return [
    ...steps(stops, dependants).map((services): ChangeStep => ({ act: 'stop', services })),
    ...steps(starts, (key) => needs.get(key) ?? []).map((services): ChangeStep => ({ act: 'start', services })),
  ]
}

function needsIn(target: Target): ReadonlyMap<Key, readonly Key[]> {
  const needs = new Map<Key, readonly Key[]>()
  for (const app of Object.values(target.apps)) {
    for (const service of Object.values(app.services)) needs.set(`${app.name}/${service.name}`, needsOf(app, service))
  }
  return needs
}

function needsOf(app: App, { dependsOn }: Service): readonly Key[] {
  return dependsOn.map((edge) => neededKey(app.name, edge))
}

/** Each in the first step after all it waits for, of those that are there at all. */
function steps(keys: ReadonlySet<Key>, waitsFor: (key: Key) => readonly Key[]): readonly (readonly Key[])[] {
  const found: Key[][] = []
  const left = new Set(keys)
  while (left.size > 0) {
    const free = [...left].filter((key) => !waitsFor(key).some((other) => other !== key && left.has(other)))
    // A circle is no valid target; its members are told together rather than never.
    const step = free.length === 0 ? [...left] : free
    found.push(step)
    for (const key of step) left.delete(key)
  }
  return found
}
