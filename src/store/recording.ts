import type { Check, Checks, Command, Event, Now, ProcessSpec, State, Target, Unit, UnitSpec } from '../core/model.ts'
import type { Recorder } from '../engine/ports.ts'

/** A line of a recording. */
export type RecordedEntry =
  /** The complete state that what follows starts from: nothing before it is needed. */
  | { readonly kind: 'begin'; readonly format: 1; readonly now: Now; readonly state: State }
  /** What a turn was given, and when. */
  | { readonly kind: 'turn'; readonly now: Now; readonly events: readonly Event[] }
  /** How the turn before it went; missing where we died in it. */
  | ({ readonly kind: 'settled' } & RecordedSettled)

export type RecordedSettled = Parameters<Recorder['settled']>[0]

/** One line of JSON. The values of environments and of HTTP headers, where passwords are, are left out: the core never looks at them. */
export function printEntry(entry: RecordedEntry): string {
  return `${JSON.stringify(printable(entry))}\n`
}

/** A line that cannot be replayed. Lines count from 1. */
export interface DamagedLine {
  readonly kind: 'damaged'
  readonly message: string
}

/**
 * The entries of a recording in order, each with its line. A line torn apart by a death of ours is left out where it
 * is normal: at the end, and before a `begin`. Anything else that cannot be read is a `damaged` entry: what follows it
 * cannot be trusted until the next `begin`.
 */
export function* readRecording(text: string): Generator<{ line: number; entry: RecordedEntry | DamagedLine }> {
  let doubtful: { line: number; entry: DamagedLine } | null = null
  let line = 0
  for (const part of linesOf(text)) {
    line++
    if (part === '') continue
    const entry = parseEntry(part, line)
    if (doubtful !== null && entry.kind !== 'begin') yield doubtful
    doubtful = null
    if (entry.kind === 'torn') doubtful = { line, entry: { kind: 'damaged', message: entry.message } }
    else yield { line, entry }
  }
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    yield text.slice(start, end)
    start = end + 1
  }
}

function parseEntry(text: string, line: number): RecordedEntry | DamagedLine | { kind: 'torn'; message: string } {
  let entry: RecordedEntry
  try {
    entry = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {
      kind: 'torn',
      message: `line ${line}: is no complete JSON (${error.message}); replay from the next 'begin'`,
    }
  }
  switch (entry?.kind) {
    case 'begin':
      if (entry.format !== 1)
        return damaged(line, `has format ${entry.format}; replay it with the Holdfast that wrote it`)
      return { ...entry, state: { ...entry.state, units: new Map(entry.state.units) } }
    case 'turn':
    case 'settled':
      return entry
    default:
      return damaged(line, `is no line of a recording (kind 'begin', 'turn' or 'settled'); is this the right file?`)
  }
}

function damaged(line: number, message: string): DamagedLine {
  return { kind: 'damaged', message: `line ${line}: ${message}` }
}

// ---- what is written instead of secrets -----------------------------------------------------------------------

function printable(entry: RecordedEntry): object {
  switch (entry.kind) {
    case 'begin':
      return { ...entry, state: printableState(entry.state) }
    case 'turn':
      return { ...entry, events: entry.events.map(redactedEvent) }
    case 'settled':
      return entry
  }
}

function printableState(state: State): object {
  const units = [...state.units].map(([id, unit]) => [id, redactedUnit(unit)])
  return { ...state, target: redactedTarget(state.target), units }
}

function redactedEvent(event: Event): Event {
  return event.kind === 'command' ? { ...event, command: redactedCommand(event.command) } : event
}

function redactedCommand(command: Command): Command {
  return command.kind === 'set-target' ? { ...command, target: redactedTarget(command.target) } : command
}

function redactedTarget({ apps }: Target): Target {
  return {
    apps: mapped(apps, (app) => ({
      ...app,
      services: mapped(app.services, (service) => ({
        ...service,
        process: redactedProcess(service.process),
        checks: redactedChecks(service.checks),
        instances: service.instances.map((instance) =>
          instance.process === undefined ? instance : { ...instance, process: redactedProcess(instance.process) },
        ),
      })),
    })),
  }
}

function redactedUnit(unit: Unit): Unit {
  return { ...unit, spec: redactedSpec(unit.spec) }
}

function redactedSpec<S extends UnitSpec | null>(spec: S): S {
  if (spec === null) return spec
  return { ...spec, process: redactedProcess(spec.process), checks: redactedChecks(spec.checks) }
}

function redactedProcess<P extends Partial<ProcessSpec>>(process: P): P {
  if (process.environment === undefined) return process
  return { ...process, environment: mapped(process.environment, () => redacted) }
}

function redactedChecks({ readiness, liveness }: Checks): Checks {
  return { readiness: redactedCheck(readiness), liveness: redactedCheck(liveness) }
}

/** Headers are where keys are. */
function redactedCheck(check: Check | null): Check | null {
  if (check === null || check.probe.kind !== 'http') return check
  return { ...check, probe: { ...check.probe, headers: mapped(check.probe.headers, () => redacted) } }
}

const redacted = '<redacted>'

function mapped<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
