import { readFileSync } from 'node:fs'
import { describeTerminal } from '../cli/terminal.ts'
import type { State, Unit } from '../core/model.ts'
import { runHashOf } from '../core/target/units.ts'
import { type Turn, turn } from '../engine/turn.ts'
import { type RecordedEntry, readRecording } from '../store/recording.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { transitionLine } from './foreground.ts'

type RecordedTurn = Extract<RecordedEntry, { kind: 'turn' }>

/** Runs what was recorded through the core of today, prints each transition, and tells where it goes another way. */
export async function replay(options: {
  readonly file: string
  out(text: string): void
  talk(text: string): void
}): Promise<ExitCode> {
  const { file, out, talk } = options
  const text = readText(file)
  if (text instanceof Error) {
    talk(`holdfast: ${file} cannot be read (${text.message}); recordings are in state/recorder below the home\n`)
    return exitCodes.failed
  }
  const terminal = describeTerminal({ stream: process.stdout, environment: process.env, colour: 'auto' })
  let state: State | null = null
  let pending: RecordedTurn | null = null
  let turns = 0
  let divergences = 0

  const take = (recorded: RecordedTurn, refused: readonly number[]): Turn | null => {
    if (state === null) return null
    const events = recorded.events.filter((_, index) => !refused.includes(index))
    const result = turn(state, events, recorded.now)
    state = result.state
    turns += 1
    for (const transition of result.transitions) out(`${transitionLine(transition, terminal)}\n`)
    return result
  }

  for (const { line, entry } of readRecording(text)) {
    switch (entry.kind) {
      case 'begin':
        if (pending !== null) take(pending, [])
        pending = null
        state = withHashesAsRecorded(entry.state)
        break
      case 'turn':
        if (pending !== null) take(pending, [])
        pending = entry
        break
      case 'settled': {
        const result = pending === null ? null : take(pending, entry.refused)
        pending = null
        const difference = result === null ? null : differenceOf(result, entry)
        if (difference !== null) talk(`${file}:${line}: ${difference}\n`)
        divergences += difference === null ? 0 : 1
        break
      }
      case 'damaged':
        talk(`${file}:${entry.message}\n`)
        divergences += 1
        pending = null
        state = null
    }
  }
  // The last turn has no line after it: it may be the one that failed.
  if (pending !== null) take(pending, [])
  talk(`${turns} turns, ${divergences === 0 ? 'all as recorded' : `${divergences} not as recorded`}\n`)
  return divergences === 0 ? exitCodes.ok : exitCodes.failed
}

/**
 * A recording holds no values of environments, so what a replayed configuration hashes to is not what it hashed to then. The
 * hashes of the state it begins with are made in the same way, or each unit would seem to have changed.
 */
function withHashesAsRecorded(state: State): State {
  const units = [...state.units.values()].map((unit): Unit => {
    const runHash = runHashOf(unit.spec)
    const isCurrent = unit.run?.runHash === unit.spec.runHash
    const run = unit.run !== null && isCurrent ? { ...unit.run, runHash } : unit.run
    return { ...unit, run, spec: { ...unit.spec, runHash } }
  })
  return { ...state, units: new Map(units.map((unit) => [unit.id, unit])) }
}

function differenceOf(result: Turn, recorded: Extract<RecordedEntry, { kind: 'settled' }>): string | null {
  const pairs = [
    ['version', result.state.version, recorded.version],
    ['steps', result.steps.length, recorded.steps],
    ['transitions', result.transitions.length, recorded.transitions],
  ] as const
  const different = pairs.filter(([, now, then]) => now !== then)
  if (different.length === 0) return null
  return `this turn went another way: ${different.map(([name, now, then]) => `${name} ${now}, recorded ${then}`).join('; ')}`
}

function readText(file: string): string | Error {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error
    throw error
  }
}
