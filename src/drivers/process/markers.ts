import type { Role, Step, UnitId } from '../../core/model.ts'

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

/** Of a command that somebody runs beside a unit: it is none of its runs, and nothing that one left behind. */
export function execMarks(homeId: string, unit: UnitId): Readonly<Record<string, string>> {
  return { HOLDFAST_EXEC: `${homeId}/${unit}` }
}

export function execMarker(homeId: string, unit: UnitId): string {
  return `HOLDFAST_EXEC=${homeId}/${unit}`
}

/** Of a program that is asked before a signal is sent: it may outlive us and the run, and is let be. */
export function scriptMarks(homeId: string, unit: UnitId): Readonly<Record<string, string>> {
  return { HOLDFAST_SCRIPT: `${homeId}/${unit}` }
}

/** Whether these are marks of this home, and of something else than a run of this unit. */
export function isMarkedOtherwise(homeId: string, unit: UnitId, environment: readonly string[]): boolean {
  const own = unitMarker(homeId, unit)
  const starts = [unitMarker(homeId, ''), probeMarker(homeId, ''), `HOLDFAST_SCRIPT=${homeId}/`, execMarker(homeId, '')]
  return environment.some((entry) => entry !== own && starts.some((start) => entry.startsWith(start)))
}

type Marked = Pick<Extract<Step, { kind: 'spawn' }>, 'unit' | 'run' | 'role' | 'attempt'>

export function runMarks(homeId: string, { unit, run, role, attempt }: Marked): Readonly<Record<string, string>> {
  return {
    HOLDFAST_UNIT: `${homeId}/${unit}`,
    HOLDFAST_RUN: String(run),
    HOLDFAST_ROLE: role,
    HOLDFAST_ATTEMPT: String(attempt),
  }
}

/**
 * What the marks of a process say of its run; null: it is none of this home's. Those of an older version tell neither role
 * nor attempt: most were the first and main run of their start.
 */
export function readMarks(homeId: string, environment: readonly string[]): Marked | null {
  const textOf = (start: string): string | null =>
    environment.find((entry) => entry.startsWith(start))?.slice(start.length) ?? null
  const unit = textOf(unitMarker(homeId, ''))
  if (unit === null) return null
  const run = numberOf(textOf('HOLDFAST_RUN='))
  if (run === null) return null
  const role = roles.find((one) => one === textOf('HOLDFAST_ROLE=')) ?? 'main'
  const attempt = numberOf(textOf('HOLDFAST_ATTEMPT='))
  return { unit, run, role, attempt: attempt !== null && attempt <= run ? attempt : run }
}

const roles: readonly Role[] = ['main', 'pre', 'post']

function numberOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null
}
