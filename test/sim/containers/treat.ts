import type { Event, Failure } from '../../../src/core/model.ts'
import type { ContainerStep, Treatment } from '../../../src/drivers/fake/container-engine.ts'
import type { Post } from '../../../src/engine/ports.ts'
import type { Dock } from './dock.ts'
import type { EngineFaultKind } from './faults.ts'

/** How the engine of a scenario treats a step: in its own time, and as badly as this scenario has it. */
export function drawTreatment({ random, mix, isFaulty }: Dock, step: ContainerStep): Treatment {
  const on = (kind: EngineFaultKind, probability: number) => isFaulty && mix.has(kind) && random.chance(probability)
  const slowMs = on('engine-slow', 0.3) ? random.whole(50, 4_000) : 0
  const effectMs = random.whole(0, 5) + slowMs
  const answerMs = effectMs + random.whole(0, 5)
  if (isOfFiles(step)) return { effectMs, answerMs, failure: null }
  if (step.kind === 'pull' && on('pull-fails', 0.4)) {
    const failure: Failure = { code: 'ENGINE', message: 'the registry does not answer', retry: true }
    return { effectMs: null, answerMs: random.whole(0, 800), failure }
  }
  if (on('answer-lost', 0.15)) return { effectMs, answerMs, failure: noAnswer('ECONNRESET') }
  if (on('step-hangs', 0.06)) {
    const effectsMs = [null, random.whole(0, 9_000)]
    return { effectMs: random.pick(effectsMs), answerMs: 5_000, failure: noAnswer('ETIMEDOUT') }
  }
  if (on('step-refused', 0.15)) {
    const failure: Failure = { code: 'ENGINE', message: 'the engine is out of order', retry: random.chance(0.8) }
    return { effectMs: null, answerMs, failure, isItsWord: true }
  }
  return { effectMs, answerMs, failure: null }
}

function isOfFiles({ kind }: ContainerStep): boolean {
  return kind === 'take-lock' || kind === 'release-lock' || kind === 'await-file'
}

function noAnswer(code: string): Failure {
  return { code, message: 'the container engine gave no answer', retry: true }
}

/** What is told at its time. */
interface UnderWay {
  readonly underWay: { readonly atBootMs: number; readonly event: Event }[]
}

/** What is told on the way from the engine to the core comes late, twice, or not at all; then it is told that news were lost. */
export function tellEngineBadly(
  dock: Dock,
  { underWay }: UnderWay,
  event: Event,
  { nowBootMs, post }: { nowBootMs: number; post: Post },
): void {
  const { random, mix, isFaulty } = dock
  const on = (kind: EngineFaultKind, probability: number) => isFaulty && mix.has(kind) && random.chance(probability)
  const later = (least: number, most: number, what: Event) => {
    underWay.push({ atBootMs: nowBootMs + random.whole(least, most), event: what })
  }
  const isOfStream = event.kind === 'engine-news' || event.kind === 'container-died'
  if (isOfStream) {
    if (on('events-lost', 0.2)) {
      later(1, 3_000, { kind: 'engine-doubt', why: 'the stream of events was cut' })
      return
    }
    if (on('events-late', 0.3)) {
      later(1, 3_000, event)
      return
    }
    post(event)
    if (on('events-doubled', 0.3)) later(0, 1_500, event)
    return
  }
  if (event.kind !== 'pull-progress' && on('outcome-late', 0.2)) later(1, 2_500, event)
  else post(event)
}
