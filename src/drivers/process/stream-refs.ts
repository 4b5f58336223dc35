import { hashData } from '../../base/hash.ts'
import type { LogSpec, OutputHandling, ProcessSpec, SvlogdSpec, UnitId } from '../../core/model.ts'
import type { StreamRef } from '../../engine/ports.ts'

/** The streams of a unit that we log. */
export function refsOf(unit: UnitId, spec: ProcessSpec): readonly StreamRef[] {
  const refs: StreamRef[] = []
  const { logger } = spec
  if (logger?.kind === 'svlogd') refs.push({ unit, stream: 'stdout', spec: spec.stdout, svlogd: logger.svlogd })
  if (logger === null && isTaken(spec.stdout)) refs.push({ unit, stream: 'stdout', spec: spec.stdout })
  const errors = errorsOf(spec)
  if (errors !== 'stdout' && isTaken(errors)) refs.push({ unit, stream: 'stderr', spec: errors })
  return refs
}

/** Somebody wants it: what goes nowhere may still be handled. */
export function isTaken({ path, handling }: LogSpec): boolean {
  return path !== 'none' || handling !== undefined
}

/** Where its errors go: with a logger not where its output goes. */
export function errorsOf({ stderr, logger }: ProcessSpec): ProcessSpec['stderr'] {
  return logger === null ? stderr : logger.stderr
}

/** Of a unit that nobody declares any more. */
export function undeclaredRefs(unit: UnitId): readonly StreamRef[] {
  return (['stdout', 'stderr'] as const).map((stream) => ({ unit, stream, spec: undeclaredLog }))
}

/** How a unit no longer declared is logged: we do not know better. */
const undeclaredLog: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 999, ageMaxMs: 0, compress: false }

export function isSameLog(a: StreamRef, b: StreamRef): boolean {
  const [one, other] = [a.spec, b.spec]
  return (
    one.path === other.path &&
    one.bytesMax === other.bytesMax &&
    one.backupsMax === other.backupsMax &&
    one.ageMaxMs === other.ageMaxMs &&
    one.compress === other.compress &&
    isEqual(one.handling, other.handling) &&
    isEqual(a.svlogd, b.svlogd)
  )
}

function isEqual<T extends OutputHandling | SvlogdSpec>(a: T | undefined, b: T | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && hashData(a) === hashData(b))
}
