import type { State, StopRung, StopUnderWay, Unit } from '../model.ts'
import { isWantedUp } from './wish.ts'

/** The ladder by which a unit is stopped, or ended for good. */
export function ladderOf({ spec }: Unit, isForGood: boolean): readonly StopRung[] {
  return (isForGood ? spec.retire : null) ?? spec.stop
}

/** The rung with this number; past the end the last one again. */
export function rungAt(unit: Unit, at: { readonly rung: number; readonly isForGood: boolean }): StopRung {
  const ladder = ladderOf(unit, at.isForGood)
  return ladder[Math.min(at.rung, ladder.length - 1)] ?? { signal: 'TERM', scope: 'main', waitMs: 10_000 }
}

/** `SIGTERM`: what a rung is, for a person. */
export function rungName({ signal }: StopRung): string {
  if (signal === 'EOF') return 'the end of its input'
  return signal === '0' ? 'word to its control script' : `SIG${signal}`
}

/**
 * Whether it would be ended by its ladder `retire`: it is not to run again here. Of a logger whose service lives on the
 * input does not end: it is stopped as by hand.
 */
export function endsForGood(state: State, unit: Unit): boolean {
  if (unit.spec.retire === null || (unit.isDeclared && state.mode.kind !== 'stopping')) return false
  return !inputGoesOn(state, unit)
}

/** Whoever did not end by the one ladder may by the other: it is to end for good by now, or its input goes on again. */
export function hasOtherLadder(state: State, unit: Unit, stop: StopUnderWay): boolean {
  return stop.isForGood ? inputGoesOn(state, unit) : endsForGood(state, unit)
}

/** What it reads is still printed, or will be again. */
function inputGoesOn(state: State, { spec }: Unit): boolean {
  const { stdin } = spec.process
  const source = stdin.kind === 'output' ? state.units.get(stdin.unit) : undefined
  return source !== undefined && (source.run !== null || source.after !== null || isWantedUp(state, source))
}
