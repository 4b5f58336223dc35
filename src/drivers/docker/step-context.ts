import { AssertionFailure } from '../../base/assert.ts'
import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineNews } from '../../core/containers/model.ts'
import type { Failure } from '../../core/model.ts'
import type { EngineClient } from './client.ts'
import { malformed } from './connection.ts'
import { type EngineError, engineError, failureOf } from './engine-error.ts'
import type { Memory } from './memory.ts'
import { objectOf, textsOf } from './shape.ts'

/** What all steps share. */
export interface StepContext {
  readonly client: EngineClient
  readonly homeId: string
  readonly memory: Memory
  readonly nowBootMs: () => number
  readonly warn: (text: string) => void
  /** The driver is closed. */
  readonly signal: AbortSignal
}

/** What came of a step. A failure that nothing is known beside of may be thrown instead, as EngineError. */
export interface StepOutcome {
  /** When the look was sent that told `news`. */
  readonly takenBootMs: number
  readonly news: EngineNews
  readonly failure?: Failure
}

/** Something was looked at: the time of the news is that before the look. */
export async function lookedAt(context: StepContext, look: () => Promise<EngineNews>): Promise<StepOutcome> {
  const takenBootMs = context.nowBootMs()
  return { takenBootMs, news: await look() }
}

/** Done, and what is gone by it is known without a look. */
export function doneWith(context: StepContext, news: EngineNews): StepOutcome {
  return { takenBootMs: context.nowBootMs(), news }
}

/** Failed, and what is there nevertheless. A look that fails as well tells nothing. */
export async function failedWith(
  context: StepContext,
  error: EngineError,
  look: () => Promise<EngineNews>,
): Promise<StepOutcome> {
  const takenBootMs = context.nowBootMs()
  const news = await look().catch((failed: unknown) => {
    engineError(failed)
    return {}
  })
  return { takenBootMs, news, failure: failureOf(error) }
}

/** What is thrown while the engine's JSON is put into our words is the engine's fault. */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof AssertionFailure) throw error
    throw malformed(
      `the container engine's description of ${what} is not understood: ${(error as Error).message}`,
      error,
    )
  }
}

/** null: there is none of that name. */
export async function ifThere<T>(ask: Promise<T>): Promise<T | null> {
  try {
    return await ask
  } catch (error) {
    if (engineError(error).code === 'NOT_FOUND') return null
    throw error
  }
}

export function labelsOf(described: unknown): Readonly<Record<string, string>> {
  return textsOf(objectOf(described, 'Labels'))
}

export function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}

export function isMarked(labels: Readonly<Record<string, string>>, homeId: string): boolean {
  return labels[homeLabel] === homeId
}
