import type { Event, Phase, State } from '../../src/core/model.ts'
import { type FaultKind, faultKinds, type Mix } from './faults.ts'
import { unitsMet } from './ledger.ts'

export const phases: readonly Phase[] = [
  'idle',
  'preparing',
  'starting',
  'up',
  'stopping',
  'finishing',
  'backoff',
  'ended',
  'failed',
  'unresolved',
]

export const eventWords = [
  'set-target',
  'start',
  'stop',
  'restart',
  'run',
  'signal',
  'shutdown',
  'purge',
  'override-locks',
  'own-images',
  'own-images',
  'spawned',
  'spawn-failed',
  'signalled',
  'signal-failed',
  'exited',
  'paused',
  'continued',
  'adopted',
  'not-started',
  'found',
  'unresolved',
  'observed',
  'observe-failed',
  'probed',
  'next-due',
  'engine-observed',
  'engine-observe-failed',
  'engine-news',
  'engine-doubt',
  'engine-done',
  'engine-failed',
  'container-died',
  'pull-progress',
] as const

export type EventWord = (typeof eventWords)[number]

/** How often an event met a unit in a phase while a kind of fault was active; see `cellOf`. */
export type Matrix = Uint32Array

export function createMatrix(): Matrix {
  return new Uint32Array(phases.length * eventWords.length * faultKinds.length)
}

export function cellOf(phase: Phase, event: EventWord, fault: FaultKind): number {
  return (phaseIndex[phase] * eventWords.length + eventIndex[event]) * faultKinds.length + faultIndex[fault]
}

function indexOf<Word extends string>(words: readonly Word[]): Readonly<Record<Word, number>> {
  return Object.fromEntries(words.map((word, index) => [word, index])) as Record<Word, number>
}

const phaseIndex = indexOf(phases)
const eventIndex = indexOf(eventWords)
const faultIndex = indexOf(faultKinds)

export function countEvents(matrix: Matrix, events: readonly Event[], state: State, active: Mix): void {
  for (const event of events) {
    const word = event.kind === 'command' ? event.command.kind : event.kind
    const met = unitsMet(event)
    const ids = met === 'all' ? state.units.keys() : met
    for (const id of ids) {
      const unit = state.units.get(id)
      if (unit === undefined) continue
      for (const fault of active) matrix[cellOf(unit.phase, word, fault)]! += 1
    }
  }
}

export function addMatrix(into: Matrix, from: Matrix): void {
  for (let index = 0; index < from.length; index++) into[index]! += from[index]!
}
