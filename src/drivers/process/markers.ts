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

/** A probe's processes carry this instead of the marks of a run, so that they are never taken for one or for what it left. */
export function probeMarker(homeId: string, unit: UnitId): string {
  return `HOLDFAST_PROBE=${homeId}/${unit}`
}

export function probeMarks(homeId: string, unit: UnitId): Readonly<Record<string, string>> {
  return { HOLDFAST_PROBE: `${homeId}/${unit}` }
}

export function runMarks(homeId: string, unit: UnitId, run: number): Readonly<Record<string, string>> {
  return { HOLDFAST_UNIT: `${homeId}/${unit}`, HOLDFAST_RUN: String(run) }
}
