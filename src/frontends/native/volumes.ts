import type { VolumeSpec } from '../../core/containers/model.ts'
import type { State, Unit } from '../../core/model.ts'

/** A volume that may be purged: it is declared and not somebody else's, or we made it. */
export interface OwnVolume {
  /** What the engine calls it. */
  readonly volume: string
  /** What it is called here: `shop/data`; what the engine calls it where nothing tells whose it was. */
  readonly name: string
  /** null: nothing tells. */
  readonly app: string | null
  readonly isDeclared: boolean
  readonly spec: VolumeSpec | null
}

/** In the order they are declared, then those that nothing declares any more. */
export function ownVolumes({ target, containerEngine: { volumes } }: State): readonly OwnVolume[] {
  const own = new Map<string, OwnVolume>()
  const external = new Set<string>()
  for (const { name: app, resources } of Object.values(target.apps)) {
    for (const [key, spec] of Object.entries(resources?.volumes ?? {})) {
      const { engineName: volume } = spec
      if (spec.isExternal) external.add(volume)
      else if (!own.has(volume)) own.set(volume, { volume, name: `${app}/${key}`, app, isDeclared: true, spec })
    }
  }
  const taken = new Set([...own.values()].map(({ name }) => name))
  for (const { name: volume, isOurs, labels } of volumes.values()) {
    if (!isOurs || own.has(volume) || external.has(volume)) continue
    const { [projectLabel]: app = null, [volumeLabel]: key = null } = labels
    const known = app !== null && key !== null ? `${app}/${key}` : volume
    own.set(volume, { volume, name: taken.has(known) ? volume : known, app, isDeclared: false, spec: null })
  }
  return [...own.values()]
}

/** By which tools for Compose files find what belongs to an app; ours have them too. */
const projectLabel = 'com.docker.compose.project'
const volumeLabel = 'com.docker.compose.volume'

/** Whether its container has the volume, or is declared to. */
export function usesVolume({ spec: { container } }: Unit, volume: string): boolean {
  return container?.settings.mounts.some((mount) => mount.kind === 'volume' && mount.engineName === volume) === true
}
