import type { UnitId } from '../../core/model.ts'

/** The environment strings by which a run's processes are known again, whoever their parent is by then. */
export function unitMarker(homeId: string, unit: UnitId): string {
  return `HOLDFAST_UNIT=${homeId}/${unit}`
}

export function runMarker(run: number): string {
  return `HOLDFAST_RUN=${run}`
}

export function homeMarkerOfKeepers(homeId: string): string {
  return `HOLDFAST_KEEPER=${homeId}`
}
