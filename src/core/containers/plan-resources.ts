import type { State } from '../model.ts'
import { networkResource, volumeResource } from './among.ts'
import { networkChange, networkSpec } from './change.ts'
import type { NetworkSpec, VolumeSpec } from './model.ts'
import { isFree, type Planning } from './planning.ts'

/** Networks: made when they are missing, made anew when they changed and nothing is left in them, removed when undeclared. */
export function planNetworks(planning: Planning): void {
  const { state, steps } = planning
  const { networks } = state.containerEngine
  for (const spec of declaredNetworks(state)) {
    const { engineName } = spec
    const resource = networkResource(engineName)
    if (spec.isExternal || networks.has(engineName) || !isFree(planning, resource)) continue
    steps.push({ kind: 'create-network', resource, spec, why: 'declared' })
  }
  const needed = namesOfPrevious(state)
  for (const network of networks.values()) {
    const { name, id, isOurs } = network
    const isDeclared = networkSpec(state, name) !== null
    const changed = isDeclared ? networkChange(state, name) : null
    const resource = networkResource(name)
    if (!isOurs || (isDeclared && changed === null) || (!isDeclared && needed.has(name))) continue
    if (isUsed(state, name) || !isFree(planning, resource)) continue
    const why = changed === null ? 'nothing declares it any more' : `${changed}; made anew`
    steps.push({ kind: 'remove-network', resource, id, name, why })
  }
}

function isUsed({ containerEngine: { containers } }: State, network: string): boolean {
  for (const { settings } of containers.values()) {
    if (settings.networks.some(({ engineName }) => engineName === network)) return true
    if (settings.networkMode.kind === 'named' && settings.networkMode.name === network) return true
  }
  return false
}

/** A release that may come back finds its networks. */
function namesOfPrevious({ releases }: State): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { previous } of releases.values()) {
    for (const { engineName } of Object.values(previous?.app.resources?.networks ?? {})) names.add(engineName)
  }
  return names
}

/** Volumes hold what people keep: made when they are missing, and never removed but by an explicit purge. */
export function planVolumes(planning: Planning): void {
  const { state, steps } = planning
  const { volumes, kept, containers } = state.containerEngine
  for (const [name, by] of Object.entries(kept.purges)) {
    const resource = volumeResource(name)
    const isMounted = [...containers.values()].some(({ settings }) =>
      settings.mounts.some((mount) => mount.kind === 'volume' && mount.engineName === name),
    )
    if (isMounted || !isFree(planning, resource)) continue
    steps.push({ kind: 'remove-volume', resource, name, why: `purged by ${by}` })
  }
  for (const spec of declaredVolumes(state)) {
    const { engineName } = spec
    const resource = volumeResource(engineName)
    if (spec.isExternal || volumes.has(engineName) || kept.purges[engineName] !== undefined) continue
    if (isFree(planning, resource)) steps.push({ kind: 'create-volume', resource, spec, why: 'declared' })
  }
}

function declaredNetworks({ target }: State): readonly NetworkSpec[] {
  return unique(Object.values(target.apps).flatMap(({ resources }) => Object.values(resources?.networks ?? {})))
}

function declaredVolumes({ target }: State): readonly VolumeSpec[] {
  return unique(Object.values(target.apps).flatMap(({ resources }) => Object.values(resources?.volumes ?? {})))
}

/** Two apps may mean the same one. */
function unique<T extends { readonly engineName: string }>(specs: readonly T[]): readonly T[] {
  return [...new Map(specs.map((spec) => [spec.engineName, spec])).values()]
}
