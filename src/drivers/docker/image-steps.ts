import type { EngineNews, EngineStep } from '../../core/containers/model.ts'
import { digestTagReference } from '../../formats/container/digest-tag.ts'
import { EngineError, engineError } from './engine-error.ts'
import { lookAtImage, shortId } from './look.ts'
import { doneWith, failedWith, lookedAt, type StepContext, type StepOutcome } from './step-context.ts'

type RemoveStep = Extract<EngineStep, { kind: 'remove-image' }>

/** Only this reference, only while it means that image, and never by force. */
export async function removeImage(context: StepContext, step: RemoveStep): Promise<StepOutcome> {
  const { memory } = context
  const reference = step.image
  const look = async (): Promise<EngineNews> => ({
    images: [{ reference, image: await lookAtImage(context, reference) }],
  })
  const before = await lookedAt(context, look)
  const present = before.news.images?.[0]?.image ?? null
  if (present === null || present.id !== step.imageId) return before
  try {
    await removeName(context, reference)
    const standIn = digestTagReference(reference)
    if (standIn !== null && (await lookAtImage(context, standIn))?.id === step.imageId)
      await removeName(context, standIn)
  } catch (error) {
    return await failedWith(context, inUse(reference, engineError(error)), look)
  }
  memory.references.delete(reference)
  return doneWith(context, { images: [{ reference, image: null }] })
}

/** Gone already is as good as removed. */
async function removeName({ client, signal }: StepContext, name: string): Promise<void> {
  try {
    await client.images.remove(name, { isForced: false, noprune: false }, { signal })
  } catch (error) {
    const failure = engineError(error)
    if (failure.code !== 'NOT_FOUND') throw failure
  }
}

function inUse(reference: string, error: EngineError): EngineError {
  if (error.code !== 'CONFLICT') return error
  const user = /container ([0-9a-f]{12,64})/.exec(error.message)?.[1]
  const who = user === undefined ? error.message : `the container ${shortId(user)} was made of it`
  const message = `the image ${reference} is in use and stays: ${who}`
  return new EngineError({ code: 'CONFLICT', status: 409, message, retry: true }, { cause: error })
}
