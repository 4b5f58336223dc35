import type { Event, Step } from '../../core/model.ts'
import { signalNumber } from '../../sys/signals.ts'
import { type EngineError, engineError, failureOf } from './engine-error.ts'
import { shortId } from './look.ts'
import { objectOf, textOf } from './shape.ts'
import { ifThere, type StepContext } from './step-context.ts'

export type SignalStep = Extract<Step, { kind: 'signal' }> & { readonly container: string }
type Outcome = 'sent' | 'gone'

/**
 * Sends a signal to the main process of a container; the engine has no other. One that the engine has paused cannot act on
 * anything: CONT lets it go on, and so does the signal of a ladder. 0 and EOF send nothing. Never throws what a world does.
 */
export async function signalContainer(context: StepContext, step: SignalStep): Promise<Event> {
  const { unit, run, signal } = step
  const isNothing = signal === '0' || signal === 'EOF'
  const number = signalNumber(signal)
  if (number === null && !isNothing) {
    const message = `there is no signal ${signal}; correct \`stop_signal\``
    return { kind: 'signal-failed', unit, run, signal, code: 'EINVAL', message, retry: false }
  }
  try {
    const outcome = await send(context, step, number)
    return { kind: 'signalled', unit, run, signal, outcome }
  } catch (error) {
    const { code, message, retry } = failureOf(engineError(error))
    const told = `SIG${signal} to the container ${shortId(step.container)} was refused: ${message}`
    return { kind: 'signal-failed', unit, run, signal, code, message: told, retry }
  }
}

async function send(context: StepContext, step: SignalStep, number: number | null): Promise<Outcome> {
  const { client, signal } = context
  const id = step.container
  const isCare = step.signal === 'CONT' || step.purpose === 'ladder' || number === null
  const state = isCare ? await stateOf(context, id) : null
  if (isCare && state !== 'running' && state !== 'paused') return 'gone'
  if (number === null) return 'sent'
  if (state === 'paused' && step.signal === 'CONT') return await whileItRuns(client.containers.unpause(id, { signal }))
  if (state !== 'paused') return await whileItRuns(client.containers.kill(id, String(number), { signal }))
  // Docker sends on by itself when it goes on; Podman refuses.
  const sent = await whileItRuns(client.containers.kill(id, String(number), { signal })).catch(isPausedRefusal)
  const state2 = await stateOf(context, id)
  if (state2 === 'paused') await whileItRuns(client.containers.unpause(id, { signal }))
  if (sent !== 'paused') return sent
  return await whileItRuns(client.containers.kill(id, String(number), { signal }))
}

/** `restarting` counts as gone: nothing runs just now. */
async function stateOf({ client, signal }: StepContext, id: string): Promise<string | null> {
  const described = await ifThere(client.containers.inspect(id, { signal }))
  return textOf(objectOf(described, 'State'), 'Status')
}

async function whileItRuns(call: Promise<void>): Promise<Outcome> {
  try {
    await call
    return 'sent'
  } catch (error) {
    const failure = engineError(error)
    if (isGone(failure)) return 'gone'
    throw failure
  }
}

/** Docker: 404, or 409 `is not running`; Podman: 409 or 500 `can only kill running containers`. */
function isGone(error: EngineError): boolean {
  return (
    error.code === 'NOT_FOUND' ||
    (error.status !== null && /not running|only kill running|is not paused/i.test(error.message))
  )
}

function isPausedRefusal(error: unknown): 'paused' {
  const failure = engineError(error)
  if (failure.status !== null && /paused/i.test(failure.message)) return 'paused'
  throw failure
}
