import type { Event, Step, Transition } from '../../src/core/model.ts'

/** What happened last, for whoever has to understand a failure; and a digest of all of it. */
export interface Trace {
  add(turn: number, atBootMs: number, what: Traced): void
  lines(most: number): readonly string[]
  digest(): number
}

export type Traced =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'transition'; readonly transition: Transition }
  | { readonly kind: 'note'; readonly text: string }

export function createTrace(kept: number): Trace {
  const ring: (readonly [number, number, Traced])[] = []
  let count = 0
  let hash = 0
  return {
    add(turn, atBootMs, what) {
      ring[count % kept] = [turn, atBootMs, what]
      count += 1
      hash = (Math.imul(hash, 31) + turn * 7 + Math.round(atBootMs) + weight(what)) | 0
    },
    lines(most) {
      const first = Math.max(0, count - Math.min(most, kept))
      const lines: string[] = []
      for (let index = first; index < count; index++) {
        const [turn, atBootMs, what] = ring[index % kept]!
        lines.push(`  turn ${turn} at ${atBootMs} ms  ${text(what)}`)
      }
      return lines
    },
    digest: () => hash >>> 0,
  }
}

function weight(what: Traced): number {
  switch (what.kind) {
    case 'event':
      return what.event.kind.length * 3 + ('run' in what.event ? what.event.run : 0)
    case 'step':
      return what.step.kind.length * 5 + runOf(what.step)
    case 'transition':
      return what.transition.seq * 11 + what.transition.to.length
    case 'note':
      return what.text.length
  }
}

function runOf(step: Step): number {
  if (step.kind === 'probe') return step.run.n
  return 'run' in step ? step.run : 0
}

function text(what: Traced): string {
  switch (what.kind) {
    case 'note':
      return `---- ${what.text}`
    case 'transition': {
      const { unit, run, from, to, why } = what.transition
      return `     ${unit} run ${run}: ${from} -> ${to} (${why})`
    }
    case 'step': {
      const { step } = what
      if (step.kind === 'observe') return `  => observe (${step.why})`
      if (!('unit' in step)) return `  => ${step.kind} ${'resource' in step ? step.resource : ''} (${step.why})`
      if (step.kind === 'signal')
        return `  => SIG${step.signal} ${step.unit} run ${step.run} (${step.purpose}: ${step.why})`
      if (step.kind === 'probe') return `  => probe ${step.unit} run ${step.run.n} ${step.check} ${step.seq}`
      if (step.kind === 'schedule') return `  => schedule ${step.unit} after ${step.afterWallMs}`
      return `  => ${step.kind} ${step.unit}${step.kind === 'spawn' ? ` ${step.role} run ${step.run}` : ''} (${step.why})`
    }
    case 'event':
      return `<=   ${eventText(what.event)}`
  }
}

function eventText(event: Event): string {
  if (event.kind === 'command') {
    const { command } = event
    const units = 'units' in command ? ` ${command.units.join(' ')}` : ''
    return `${command.kind}${units}${command.kind === 'signal' ? ` SIG${command.signal}` : ''}`
  }
  if (event.kind === 'observed')
    return `observed, taken at ${event.takenBootMs}: ${event.alive.map((run) => `${run.unit} ${run.run}`).join(', ')}`
  if (event.kind === 'observe-failed') return 'observe-failed'
  if (!('unit' in event)) return `${event.kind}${'resource' in event ? ` ${event.resource}` : ''}`
  const more =
    event.kind === 'exited'
      ? ` ${JSON.stringify(event.exit)}`
      : event.kind === 'signalled'
        ? ` ${event.signal} ${event.outcome}`
        : ''
  if (event.kind === 'next-due') return `next-due ${event.unit} at ${event.dueWallMs}, after ${event.afterWallMs}`
  if (event.kind === 'probed')
    return `probed ${event.unit} run ${event.run} ${event.check} ${event.seq}: ${event.isOk ? 'passed' : event.output}`
  return `${event.kind} ${event.unit} run ${event.run}${more}`
}
